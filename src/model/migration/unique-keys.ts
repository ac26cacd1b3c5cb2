/** What tables keep unique: at the older release, and when all migrations have run. */
import type { TypeName } from './change.ts';
import type { KnownObject, SchemaState } from './schema-state.ts';

/** What rows are compared by. Expressions and conditions are texts that are equal when they are. */
export interface UniqueKey {
  /** A column's name, or the text of an expression. */
  elements: readonly string[];
  /** All have to hold for a row to be compared. */
  conditions: readonly string[];
  nullsAreEqual: boolean;
}

/** What a table's constraints keep unique. Not what is checked only when the transaction ends. */
function constraintKeys(table: KnownObject | undefined): UniqueKey[] {
  return [...(table?.constraints.values() ?? [])].flatMap(({ constraint }): UniqueKey[] => {
    if (constraint.kind !== 'unique' && constraint.kind !== 'primary') return [];
    const { columns: elements, nullsAreEqual } = constraint;
    const isKnown = elements.length > 0 && constraint.deferrable !== true;
    return isKnown ? [{ elements, conditions: [], nullsAreEqual }] : [];
  });
}

/** Writes down what the older release kept unique: dropped later, it still held for its rows. */
export function rememberUniqueKeys(state: SchemaState): void {
  if (state.clouded) return;
  for (const known of state.relations.values()) {
    if (known.what === 'table') known.uniqueBefore = constraintKeys(known);
  }
  for (const { index } of state.relations.values()) {
    const table = index?.table === undefined ? undefined : state.relations.get(index.table);
    if (table !== undefined && index?.key !== undefined) {
      table.uniqueBefore = [...table.uniqueBefore, index.key];
    }
  }
}

/** Whether the older release compared by no more than this, so that its rows satisfy this too. */
export function wasUniqueBefore(
  state: SchemaState,
  table: KnownObject | undefined,
  key: UniqueKey,
): boolean {
  if (state.clouded || table === undefined) return false;
  return table.uniqueBefore.some(
    (before) =>
      isWithin(before.elements, key.elements) &&
      isWithin(before.conditions, key.conditions) &&
      (before.nullsAreEqual || !key.nullsAreEqual),
  );
}

/** Whether something else keeps the same unique in the end, where ON CONFLICT finds it. */
export function staysUnique(state: SchemaState, tableKey: string, key: UniqueKey): boolean {
  const { end } = state;
  if (end === undefined || end.clouded || state.clouded) return false;
  const indexes = [...end.relations.values()].flatMap(({ index }) =>
    index?.table === tableKey && index.key !== undefined ? [index.key] : [],
  );
  return [...constraintKeys(end.relations.get(tableKey)), ...indexes].some(
    (other) =>
      isWithin(other.elements, key.elements) &&
      isWithin(key.elements, other.elements) &&
      isWithin(other.conditions, key.conditions),
  );
}

const isWithin = (some: readonly string[], all: readonly string[]): boolean =>
  some.every((one) => all.includes(one));

/** A column is gone, or its values are others: what was unique says nothing about it any more. */
export function forgetUniqueOn(table: KnownObject, column: string): void {
  const mentions = (text: string): boolean =>
    text === column || text.includes(JSON.stringify(column));
  table.uniqueBefore = table.uniqueBefore.filter(
    ({ elements, conditions }) => ![...elements, ...conditions].some(mentions),
  );
}

const PLAIN_TEXT: ReadonlySet<string> = new Set(['text', 'varchar']);

const isPlainText = ({ name, array }: TypeName): boolean => PLAIN_TEXT.has(name) && !array;

/** Whether values that were different stay different. */
export function keepsValuesApart(from: TypeName, to: TypeName): boolean {
  return isPlainText(from) && isPlainText(to);
}
