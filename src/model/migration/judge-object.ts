import type { Change, ObjectKind, ObjectName } from './change.ts';
import { additive, askHuman, breaking, compatible, type Judgement } from './finding.ts';
import { find, functionsNamed, isNewObject, type SchemaState } from './schema-state.ts';
import { staysUnique } from './unique-keys.ts';

const NOT_KNOWN = 'Old code does not know it.';

/** Views, types, functions, triggers and whatever else has a name. */
export function judgeCreate(
  state: SchemaState,
  change: Extract<Change, { type: 'create' }>,
): Judgement {
  const { what, name, replace } = change;
  switch (what) {
    case 'trigger':
    case 'rule':
    case 'policy':
      return judgeAttached(state, what, change);
    case 'function':
      if (replace && !isNewObject(state, 'function', name)) {
        return askHuman('If the function was there, old code gets the new body.');
      }
      return !replace && functionsNamed(state, name.name, name.schema).some((one) => !one.isNew)
        ? askHuman('There is a function of that name: calls of old code may mean the new one.')
        : (replace ? compatible : additive)(NOT_KNOWN);
    case 'view':
      if (!replace) return additive(NOT_KNOWN);
      return isNewObject(state, 'view', name)
        ? compatible(NOT_KNOWN)
        : askHuman('If the view was there, old code may read other rows or values from it.');
    case 'table':
    case 'materialized view':
    case 'index':
    case 'sequence':
    case 'type':
    case 'schema':
    case 'extension':
    case 'role':
    case 'other':
      return additive(NOT_KNOWN);
    case 'database':
      return askHuman('Databases are not made by migrations of one of them.');
    default:
      return what satisfies never;
  }
}

function judgeAttached(
  state: SchemaState,
  what: 'trigger' | 'rule' | 'policy',
  { name, on, restrictive }: Extract<Change, { type: 'create' }>,
): Judgement {
  if (isNewObject(state, what, name, on)) return additive('The table is not known to old code.');
  switch (what) {
    case 'trigger':
      return askHuman('It runs inside the writes of old code; what it does has to be read.');
    case 'rule':
      return breaking('Statements of old code are rewritten.');
    case 'policy':
      if (restrictive !== true && on !== undefined && isNewlySecured(state, on)) {
        return compatible(
          'Row level security is new on the table: the policy only lets more through.',
        );
      }
      return breaking('Old code may see other rows, or may not write what it wrote.');
    default:
      return what satisfies never;
  }
}

/** Only where the making of the table was read is it known that it had none before. */
function isNewlySecured(state: SchemaState, name: ObjectName): boolean {
  const table = find(state, 'table', name);
  return !state.clouded && table?.rowSecurity === 'new' && table.columns.size > 0;
}

/** Where CASCADE takes only what was made later along. */
const CASCADES_TO_NEW: ReadonlySet<ObjectKind> = new Set([
  'table',
  'view',
  'materialized view',
  'index',
  'trigger',
  'rule',
  'policy',
]);

export function judgeDrop(
  state: SchemaState,
  { what, objects, cascade }: Extract<Change, { type: 'drop' }>,
): Judgement {
  if (objects.length > 0 && objects.every(({ name, on }) => isNewObject(state, what, name, on))) {
    return cascade && !CASCADES_TO_NEW.has(what)
      ? askHuman('CASCADE also takes along what depends on it in things that old code knows.')
      : compatible(NOT_KNOWN);
  }
  if (what === 'index') return judgeDropIndex(state, objects);
  if (what === 'extension') {
    return askHuman('Which of its functions and types old code uses cannot be seen.');
  }
  return breaking(`Old code may use ${objects.length > 1 ? 'them' : 'it'}.`);
}

function judgeDropIndex(
  state: SchemaState,
  objects: Extract<Change, { type: 'drop' }>['objects'],
): Judgement {
  const uses = objects.map(({ name }) => {
    const index = find(state, 'index', name);
    if (index?.isNew === true) return 'plain';
    if (state.clouded || index?.index === undefined) return 'unknown';
    const { constraint, key, table } = index.index;
    if (constraint === undefined) return 'plain';
    const isKept = key !== undefined && table !== undefined && staysUnique(state, table, key);
    return isKept ? 'kept' : 'unique';
  });
  if (uses.includes('unique')) {
    return askHuman('The index is unique: INSERT … ON CONFLICT of old code may need it.');
  }
  if (uses.includes('unknown')) {
    return askHuman('If the index is unique, INSERT … ON CONFLICT of old code may need it.');
  }
  return uses.includes('kept')
    ? compatible('Something else keeps the same unique, and ON CONFLICT of old code finds it.')
    : compatible('Without the index old code is slower, nothing else.');
}

export function judgeRename(
  state: SchemaState,
  { what, name }: Extract<Change, { type: 'rename' }>,
): Judgement {
  if (isNewObject(state, what, name)) return compatible(NOT_KNOWN);
  if (what !== 'index') return breaking('Old code uses the name that is gone.');
  const index = state.clouded ? undefined : find(state, 'index', name)?.index;
  return index !== undefined && index.constraint === undefined
    ? compatible('Nothing in old code names an index that is not unique.')
    : askHuman(
        'If the index is unique, INSERT … ON CONFLICT ON CONSTRAINT of old code may name it.',
      );
}
