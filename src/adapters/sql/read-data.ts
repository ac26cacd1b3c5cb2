import type { Change, Write } from '../../model/migration/change.ts';
import { nameOf } from './names.ts';
import { functionsIn, visit } from './read-expression.ts';

/** The statements that read and write rows, by the parser's names. */
const VERBS: ReadonlyMap<string, Write['verb']> = new Map([
  ['InsertStmt', 'insert'],
  ['UpdateStmt', 'update'],
  ['DeleteStmt', 'delete'],
  ['MergeStmt', 'merge'],
]);

/** Everything that it writes, also in WITH, wherever it stands. */
export function readData(statement: object): Change {
  const writes: Write[] = [];
  visit(statement, (kind, node) => {
    const verb = VERBS.get(kind);
    if (verb !== undefined) writes.push(readWrite(verb, node));
  });
  return { type: 'data', writes, functions: functionsIn(statement) };
}

function readWrite(verb: Write['verb'], node: object): Write {
  const at = (key: string): unknown => Reflect.get(node, key);
  const targets = at('targetList');
  const conflict = at('onConflictClause');
  const overwrites = JSON.stringify(conflict ?? null).includes('"action":"ONCONFLICT_UPDATE"');
  return {
    verb: overwrites ? 'upsert' : verb,
    table: nameOf(rangeOf(at('relation'))),
    columns: Array.isArray(targets) ? targets.flatMap(columnOf) : [],
    limited: at('whereClause') !== undefined,
  };
}

function rangeOf(value: unknown): { schemaname?: string; relname?: string } {
  if (typeof value !== 'object' || value === null) return {};
  const schemaname: unknown = Reflect.get(value, 'schemaname');
  const relname: unknown = Reflect.get(value, 'relname');
  return {
    ...(typeof schemaname === 'string' ? { schemaname } : {}),
    ...(typeof relname === 'string' ? { relname } : {}),
  };
}

/** A column of which only a part is set (`a[1] = …`) is set as well. */
function columnOf(target: unknown): string[] {
  const value: unknown =
    typeof target === 'object' && target !== null ? Reflect.get(target, 'ResTarget') : undefined;
  const name: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'name') : undefined;
  return typeof name === 'string' ? [name] : [''];
}
