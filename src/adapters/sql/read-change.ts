import type { Node } from 'libpg-query';
import type { Change } from '../../model/migration/change.ts';
import { areHarmless } from '../../model/migration/known-functions.ts';
import { nameFrom, nameOf, textsOf } from './names.ts';
import { readData } from './read-data.ts';
import {
  createOf,
  kindOf,
  readAlterDomain,
  readCreateDomain,
  readCreateFunction,
  readDrop,
  readGrant,
  readMove,
  readOwner,
  readRename,
} from './read-object.ts';
import { readSet, readSetConfig, readTransaction } from './read-setting.ts';
import { readAlterTable, readCreateTable, readIndex } from './read-table.ts';

/** Translates one parsed statement. What has no translation keeps its name, and no rule calls it safe. */
export function readChange(node: Node): Change {
  return readRows(node) ?? readNamed(node) ?? readSession(node) ?? readPlain(node);
}

/** Statements on tables and their rows. */
function readRows(node: Node): Change | undefined {
  if ('CreateStmt' in node) return readCreateTable(node.CreateStmt);
  if ('CreateForeignTableStmt' in node) {
    return readCreateTable(node.CreateForeignTableStmt.base ?? {});
  }
  if ('AlterTableStmt' in node) return readAlterTable(node.AlterTableStmt);
  if ('IndexStmt' in node) return readIndex(node.IndexStmt);
  if ('TruncateStmt' in node) {
    const { relations, behavior } = node.TruncateStmt;
    const tables = (relations ?? []).map((one) =>
      nameOf('RangeVar' in one ? one.RangeVar : undefined),
    );
    return { type: 'truncate', tables, cascade: behavior === 'DROP_CASCADE' };
  }
  if ('CreateTableAsStmt' in node) {
    const { into, objtype, if_not_exists: ifNotExists } = node.CreateTableAsStmt;
    const made = makeFrom(node, into?.rel, ifNotExists === true);
    return objtype === 'OBJECT_MATVIEW' && made.type === 'create table'
      ? createOf('materialized view', made.table, { ifNotExists: made.ifNotExists })
      : made;
  }
  if ('SelectStmt' in node) {
    const { intoClause } = node.SelectStmt;
    if (intoClause !== undefined) return makeFrom(node, intoClause.rel, false);
    return readSetConfig(node.SelectStmt) ?? readData(node);
  }
  if ('InsertStmt' in node || 'UpdateStmt' in node || 'DeleteStmt' in node || 'MergeStmt' in node) {
    return readData(node);
  }
  return undefined;
}

/** A table that is made from a query; when the query does more than reading, that is what counts. */
function makeFrom(node: Node, target: Parameters<typeof nameOf>[0], ifNotExists: boolean): Change {
  const data = readData(node);
  if (data.type === 'data' && (data.writes.length > 0 || !areHarmless(data.functions))) return data;
  return {
    type: 'create table',
    table: nameOf(target),
    ifNotExists,
    temporary: target?.relpersistence === 't',
    columns: [],
    constraints: [],
    parents: [],
  };
}

/** Statements on everything else that has a name. */
function readNamed(node: Node): Change | undefined {
  if ('DropStmt' in node) return readDrop(node.DropStmt);
  if ('RenameStmt' in node) return readRename(node.RenameStmt);
  if ('AlterObjectSchemaStmt' in node) return readMove(node.AlterObjectSchemaStmt);
  if ('AlterOwnerStmt' in node) return readOwner(node.AlterOwnerStmt);
  if ('GrantStmt' in node) return readGrant(node.GrantStmt);
  if ('CreateFunctionStmt' in node) return readCreateFunction(node.CreateFunctionStmt);
  if ('CreateDomainStmt' in node) return readCreateDomain(node.CreateDomainStmt);
  if ('AlterDomainStmt' in node) return readAlterDomain(node.AlterDomainStmt);
  if ('ViewStmt' in node) {
    const { view, replace } = node.ViewStmt;
    // A temporary view hides a table of its name from the session, as a temporary table does.
    if (view?.relpersistence === 't') return makeFrom({ SelectStmt: {} }, view, false);
    return createOf('view', nameOf(view), { replace: replace === true });
  }
  if ('CreateSeqStmt' in node) {
    const { sequence, if_not_exists: ifNotExists } = node.CreateSeqStmt;
    return createOf('sequence', nameOf(sequence), { ifNotExists: ifNotExists === true });
  }
  if ('CreateEnumStmt' in node)
    return createOf('type', nameFrom(textsOf(node.CreateEnumStmt.typeName)));
  if ('CreateRangeStmt' in node)
    return createOf('type', nameFrom(textsOf(node.CreateRangeStmt.typeName)));
  if ('CompositeTypeStmt' in node) return createOf('type', nameOf(node.CompositeTypeStmt.typevar));
  if ('DefineStmt' in node) {
    const { kind, defnames, replace, if_not_exists: ifNotExists } = node.DefineStmt;
    if (replace === true || (kind !== 'OBJECT_TYPE' && kind !== 'OBJECT_COLLATION'))
      return undefined;
    return createOf(kindOf(kind), nameFrom(textsOf(defnames)), {
      ifNotExists: ifNotExists === true,
    });
  }
  if ('AlterEnumStmt' in node) {
    const { typeName, oldVal } = node.AlterEnumStmt;
    const how = oldVal === undefined ? 'add value' : 'rename value';
    return { type: 'alter type', name: nameFrom(textsOf(typeName)), how };
  }
  if ('CreateSchemaStmt' in node) {
    const { schemaname = '', schemaElts, if_not_exists: ifNotExists } = node.CreateSchemaStmt;
    const contents = (schemaElts ?? []).map((one) => inSchema(readChange(one), schemaname));
    return createOf(
      'schema',
      { name: schemaname },
      { ifNotExists: ifNotExists === true, contents },
    );
  }
  return readAttached(node) ?? readCluster(node);
}

/** What is made together with a schema is made in it. */
function inSchema(change: Change, schema: string): Change {
  if (change.type === 'create table') return { ...change, table: { schema, ...change.table } };
  return change.type === 'create' ? { ...change, name: { schema, ...change.name } } : change;
}

function readAttached(node: Node): Change | undefined {
  if ('CreateTrigStmt' in node) {
    const { trigname: name = '', relation, replace } = node.CreateTrigStmt;
    return createOf('trigger', { name }, { on: nameOf(relation), replace: replace === true });
  }
  if ('RuleStmt' in node) {
    const { rulename: name = '', relation, replace } = node.RuleStmt;
    return createOf('rule', { name }, { on: nameOf(relation), replace: replace === true });
  }
  if ('CreatePolicyStmt' in node) {
    const { policy_name: name = '', table, permissive } = node.CreatePolicyStmt;
    const restrictive = permissive !== true;
    return createOf('policy', { name }, { on: nameOf(table), restrictive });
  }
  if ('AlterPolicyStmt' in node) {
    const on = { what: 'table' as const, name: nameOf(node.AlterPolicyStmt.table) };
    return { type: 'other', statement: 'AlterPolicyStmt', on };
  }
  return undefined;
}

/** Things of the whole server, and those that only have to be there. */
function readCluster(node: Node): Change | undefined {
  if ('CreateExtensionStmt' in node) {
    return createOf('extension', { name: node.CreateExtensionStmt.extname ?? '' });
  }
  if ('CreateRoleStmt' in node) return createOf('role', { name: node.CreateRoleStmt.role ?? '' });
  if (
    'CreateForeignServerStmt' in node ||
    'CreateFdwStmt' in node ||
    'CreateUserMappingStmt' in node
  ) {
    return createOf('other', { name: '' });
  }
  if ('CreatedbStmt' in node) return createOf('database', { name: node.CreatedbStmt.dbname ?? '' });
  if ('DropRoleStmt' in node) {
    return { type: 'drop', what: 'role', objects: [{ name: { name: '' } }], cascade: false };
  }
  if ('DropdbStmt' in node) {
    const name = { name: node.DropdbStmt.dbname ?? '' };
    return { type: 'drop', what: 'database', objects: [{ name }], cascade: false };
  }
  return undefined;
}

function readSession(node: Node): Change | undefined {
  if ('VariableSetStmt' in node) return readSet(node.VariableSetStmt, 'session', 'VariableSetStmt');
  if ('AlterRoleSetStmt' in node)
    return readSet(node.AlterRoleSetStmt.setstmt, 'others', 'AlterRoleSetStmt');
  if ('AlterDatabaseSetStmt' in node) {
    return readSet(node.AlterDatabaseSetStmt.setstmt, 'others', 'AlterDatabaseSetStmt');
  }
  if ('AlterSystemStmt' in node)
    return readSet(node.AlterSystemStmt.setstmt, 'others', 'AlterSystemStmt');
  if ('TransactionStmt' in node) return readTransaction(node.TransactionStmt);
  if ('GrantRoleStmt' in node) {
    const isGrant = node.GrantRoleStmt.is_grant === true;
    return { type: 'other', statement: isGrant ? 'GRANT' : 'REVOKE ROLE' };
  }
  if ('AlterDefaultPrivilegesStmt' in node) {
    const isGrant = node.AlterDefaultPrivilegesStmt.action?.is_grant === true;
    return { type: 'other', statement: `ALTER DEFAULT PRIVILEGES ${isGrant ? 'GRANT' : 'REVOKE'}` };
  }
  return undefined;
}

function readPlain(node: Node): Change {
  if ('AlterSeqStmt' in node) {
    const { options, sequence } = node.AlterSeqStmt;
    const names = (options ?? []).map((one) => ('DefElem' in one ? one.DefElem.defname : ''));
    const statement = names.every((name) => name === 'owned_by') ? 'OWNED BY' : 'AlterSeqStmt';
    return { type: 'other', statement, on: { what: 'sequence', name: nameOf(sequence) } };
  }
  return { type: 'other', statement: Object.keys(node)[0] ?? 'nothing' };
}
