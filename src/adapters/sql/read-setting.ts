/** Statements about settings and sessions. */
import type { Node, SelectStmt, TransactionStmt, VariableSetStmt } from 'libpg-query';
import type { Change } from '../../model/migration/change.ts';
import { functionName, readConstant } from './read-expression.ts';

/** @param statement what it counts as when it is not about the search path */
export function readSet(
  set: VariableSetStmt | undefined,
  whose: 'session' | 'others',
  statement: string,
): Change {
  if (set?.kind === 'VAR_RESET_ALL') {
    return whose === 'session'
      ? { type: 'search path', path: undefined, whose }
      : { type: 'other', statement };
  }
  const texts = (set?.args ?? []).map((node) =>
    'A_Const' in node ? String(readConstant(node.A_Const)) : '',
  );
  if (set?.name === 'standard_conforming_strings' && texts[0] !== 'on') {
    return { type: 'unknown', why: 'Texts that follow are read in another way than here.' };
  }
  if (set?.name !== 'search_path') return { type: 'other', statement };
  const isDefault = set.kind === 'VAR_SET_DEFAULT' || set.kind === 'VAR_RESET';
  return { type: 'search path', path: isDefault ? undefined : schemasOf(texts), whose };
}

/** `SELECT set_config('search_path', '', false)`, as pg_dump writes it; undefined for any other. */
export function readSetConfig(select: SelectStmt): Change | undefined {
  const [target, ...others] = select.targetList ?? [];
  if (target === undefined || others.length > 0 || select.fromClause !== undefined)
    return undefined;
  const call = 'ResTarget' in target ? target.ResTarget.val : undefined;
  if (call === undefined || !('FuncCall' in call)) return undefined;
  if (functionName(call.FuncCall.funcname) !== 'set_config') return undefined;
  const [name, value] = (call.FuncCall.args ?? []).map(textConstant);
  if (name === undefined || value === undefined) return undefined;
  return name === 'search_path'
    ? { type: 'search path', path: schemasOf(value.split(',')), whose: 'session' }
    : { type: 'other', statement: 'VariableSetStmt' };
}

function textConstant(node: Node): string | undefined {
  return 'A_Const' in node ? node.A_Const.sval && (node.A_Const.sval.sval ?? '') : undefined;
}

/** A schema named like the user is rare, and left out; pg_catalog holds nothing of ours. */
function schemasOf(parts: readonly string[]): string[] {
  return parts
    .map((part) => part.trim().replace(/^"(.*)"$/, '$1'))
    .filter((part) => part !== '' && part !== '$user' && part !== 'pg_catalog');
}

export function readTransaction(statement: TransactionStmt): Change {
  const kind: string = statement.kind ?? '';
  switch (kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return { type: 'other', statement: 'BEGIN' };
    case 'TRANS_STMT_COMMIT':
      return { type: 'other', statement: 'COMMIT' };
    case 'TRANS_STMT_SAVEPOINT':
    case 'TRANS_STMT_RELEASE':
      return { type: 'other', statement: 'SAVEPOINT' };
    case 'TRANS_STMT_ROLLBACK':
    case 'TRANS_STMT_ROLLBACK_TO':
      return { type: 'other', statement: 'ROLLBACK' };
    default:
      return { type: 'other', statement: 'PREPARE TRANSACTION' };
  }
}
