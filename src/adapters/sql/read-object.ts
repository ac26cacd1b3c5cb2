/** Statements about things with a name: making, dropping, renaming, moving, giving away. */
import type {
  AlterDomainStmt,
  AlterObjectSchemaStmt,
  AlterOwnerStmt,
  CreateDomainStmt,
  CreateFunctionStmt,
  DropStmt,
  GrantStmt,
  Node,
  RangeVar,
  RenameStmt,
} from 'libpg-query';
import type { Change, ObjectKind, ObjectName } from '../../model/migration/change.ts';
import { nameFrom, nameOf, nameOfObject, textsOf, withArguments } from './names.ts';

const KINDS: ReadonlyMap<string, ObjectKind> = new Map([
  ['OBJECT_TABLE', 'table'],
  ['OBJECT_FOREIGN_TABLE', 'table'],
  ['OBJECT_VIEW', 'view'],
  ['OBJECT_MATVIEW', 'materialized view'],
  ['OBJECT_INDEX', 'index'],
  ['OBJECT_SEQUENCE', 'sequence'],
  ['OBJECT_TYPE', 'type'],
  ['OBJECT_DOMAIN', 'type'],
  ['OBJECT_FUNCTION', 'function'],
  ['OBJECT_PROCEDURE', 'function'],
  ['OBJECT_ROUTINE', 'function'],
  ['OBJECT_AGGREGATE', 'function'],
  ['OBJECT_SCHEMA', 'schema'],
  ['OBJECT_TRIGGER', 'trigger'],
  ['OBJECT_RULE', 'rule'],
  ['OBJECT_POLICY', 'policy'],
  ['OBJECT_EXTENSION', 'extension'],
  ['OBJECT_ROLE', 'role'],
  ['OBJECT_DATABASE', 'database'],
]);

export const kindOf = (type: string | undefined): ObjectKind => KINDS.get(type ?? '') ?? 'other';

export function createOf(
  what: ObjectKind,
  name: ObjectName,
  more: Partial<Omit<Extract<Change, { type: 'create' }>, 'type' | 'what' | 'name'>> = {},
): Change {
  return { type: 'create', what, name, ifNotExists: false, replace: false, ...more };
}

export function readCreateFunction(statement: CreateFunctionStmt): Change {
  const types = (statement.parameters ?? []).flatMap((node) => {
    if (!('FunctionParameter' in node)) return [];
    const { mode, argType } = node.FunctionParameter;
    return mode === 'FUNC_PARAM_OUT' || mode === 'FUNC_PARAM_TABLE' ? [] : [argType];
  });
  const name = withArguments(nameFrom(textsOf(statement.funcname)), types);
  return createOf('function', name, { replace: statement.replace === true });
}

export function readCreateDomain(statement: CreateDomainStmt): Change {
  const constraints = (statement.constraints ?? []).flatMap((node) =>
    'Constraint' in node ? [node.Constraint.contype] : [],
  );
  return createOf('type', nameFrom(textsOf(statement.domainname)), {
    notNull: constraints.includes('CONSTR_NOTNULL'),
  });
}

export function readDrop(statement: DropStmt): Change {
  const type = statement.removeType;
  if (type === 'OBJECT_STATISTIC_EXT') return { type: 'other', statement: 'CreateStatsStmt' };
  const what = kindOf(type);
  const isAttached = what === 'trigger' || what === 'rule' || what === 'policy';
  const objects = (statement.objects ?? []).map((node) => {
    if (!isAttached || !('List' in node)) return { name: nameOfObject(node) ?? { name: '' } };
    // The table's name, then the one of what belongs to it.
    const parts = textsOf(node.List.items);
    return { name: { name: parts.at(-1) ?? '' }, on: nameFrom(parts.slice(0, -1)) };
  });
  return { type: 'drop', what, objects, cascade: statement.behavior === 'DROP_CASCADE' };
}

function subject(statement: { relation?: RangeVar; object?: Node }): ObjectName {
  return statement.relation === undefined
    ? (nameOfObject(statement.object) ?? { name: '' })
    : nameOf(statement.relation);
}

export function readRename(statement: RenameStmt): Change {
  const { subname = '', newname: to = '' } = statement;
  const renameType: string = statement.renameType ?? '';
  const name = subject(statement);
  switch (renameType) {
    case 'OBJECT_COLUMN':
      return { type: 'rename column', table: name, column: subname, to };
    case 'OBJECT_TABCONSTRAINT':
      return { type: 'rename constraint', table: name, constraint: subname, to };
    case 'OBJECT_ATTRIBUTE':
      return { type: 'alter type', name, how: 'attributes' };
    case 'OBJECT_DOMCONSTRAINT':
      return { type: 'alter domain', name, how: 'loosen' };
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
    case 'OBJECT_RULE':
      // Triggers fire in the order of their names.
      return { type: 'other', statement: 'RenameStmt', on: { what: 'table', name } };
    case 'OBJECT_SCHEMA':
    case 'OBJECT_ROLE':
    case 'OBJECT_DATABASE':
      return { type: 'rename', what: kindOf(renameType), name: { name: subname }, to };
    default: {
      const what = kindOf(renameType);
      const args = what === 'function' ? (/\(.*$/.exec(name.name)?.[0] ?? '') : '';
      return { type: 'rename', what, name, to: to + args };
    }
  }
}

export function readMove(statement: AlterObjectSchemaStmt): Change {
  const what = kindOf(statement.objectType);
  return { type: 'move', what, name: subject(statement), schema: statement.newschema ?? '' };
}

export function readOwner(statement: AlterOwnerStmt): Change {
  return { type: 'give away', what: kindOf(statement.objectType), name: subject(statement) };
}

export function readGrant(statement: GrantStmt): Change {
  if (statement.is_grant === true) return { type: 'other', statement: 'GRANT' };
  const objects = (statement.objects ?? []).map((node) => nameOfObject(node) ?? { name: '' });
  const named = statement.targtype === 'ACL_TARGET_OBJECT' ? objects : [];
  return { type: 'revoke', what: kindOf(statement.objtype), objects: named };
}

/** The letters are PostgreSQL's own. */
export function readAlterDomain({ subtype: letter, typeName }: AlterDomainStmt): Change {
  const subtype: string = letter ?? '';
  const name = nameFrom(textsOf(typeName));
  switch (subtype) {
    case 'O': // SET NOT NULL
    case 'C': // ADD CONSTRAINT
      return { type: 'alter domain', name, how: 'tighten' };
    case 'N': // DROP NOT NULL
    case 'X': // DROP CONSTRAINT
    case 'V': // VALIDATE CONSTRAINT
      return { type: 'alter domain', name, how: 'loosen' };
    default:
      return { type: 'alter domain', name, how: 'other' };
  }
}
