import type { A_Const, A_Expr, Node } from 'libpg-query';
import type { DefaultValue } from '../../model/migration/change.ts';
import type { Constant, Expression } from '../../model/migration/expression.ts';
import { cannotFail, isDistinct, isStrict } from '../../model/migration/known-functions.ts';
import { readType, textOf, textsOf } from './names.ts';

const OPAQUE: Expression = { kind: 'opaque' };
/** Operators of PostgreSQL that give null for null. */
const STRICT_OPERATORS =
  /^(=|<>|<|<=|>|>=|\+|-|\*|\/|%|\|\||~|~\*|!~|!~\*|~~|~~\*|!~~|!~~\*|@>|<@|->|->>|&&)$/;

/** A condition, as far as our rules can work it out. */
export function readExpression(node: Node | undefined): Expression {
  if (node === undefined) return OPAQUE;
  if ('A_Const' in node) return { kind: 'constant', value: readConstant(node.A_Const) };
  if ('ColumnRef' in node) {
    const parts = textsOf(node.ColumnRef.fields);
    const name = parts.at(-1);
    return name === undefined || parts.length !== node.ColumnRef.fields?.length
      ? OPAQUE
      : { kind: 'column', name };
  }
  if ('TypeCast' in node) return readCast(node.TypeCast);
  if ('A_Expr' in node) return readOperator(node.A_Expr);
  if ('NullTest' in node) {
    const { arg, nulltesttype } = node.NullTest;
    return { kind: 'is null', negated: nulltesttype === 'IS_NOT_NULL', value: readExpression(arg) };
  }
  if ('BoolExpr' in node) {
    const parts = (node.BoolExpr.args ?? []).map(readExpression);
    const operator: string = node.BoolExpr.boolop ?? '';
    switch (operator) {
      case 'AND_EXPR':
        return { kind: 'and', parts };
      case 'OR_EXPR':
        return { kind: 'or', parts };
      case 'NOT_EXPR':
        return { kind: 'not', part: parts[0] ?? OPAQUE };
      default:
        return OPAQUE;
    }
  }
  if ('CoalesceExpr' in node) {
    return { kind: 'coalesce', parts: (node.CoalesceExpr.args ?? []).map(readExpression) };
  }
  if ('FuncCall' in node) {
    const name = functionName(node.FuncCall.funcname);
    return isStrict(name)
      ? { kind: 'strict', parts: (node.FuncCall.args ?? []).map(readExpression) }
      : OPAQUE;
  }
  return OPAQUE;
}

export function readConstant(constant: A_Const): Constant {
  if (constant.isnull === true) return null;
  if (constant.boolval !== undefined) return constant.boolval.boolval ?? false;
  if (constant.sval !== undefined) return constant.sval.sval ?? '';
  if (constant.fval !== undefined) return Number(constant.fval.fval);
  if (constant.bsval !== undefined) return constant.bsval.bsval ?? '';
  return constant.ival?.ival ?? 0;
}

/** A text stays what it is as another type of text; any other cast may change or refuse it. */
function readCast({
  arg,
  typeName,
}: {
  arg?: Node;
  typeName?: Parameters<typeof readType>[0];
}): Expression {
  const value = readExpression(arg);
  const type = readType(typeName);
  const isText =
    !type.array && (type.name === 'text' || type.name === 'varchar') && type.sizes.length === 0;
  if (isText && value.kind !== 'opaque') {
    return value.kind === 'constant' && typeof value.value !== 'string' && value.value !== null
      ? OPAQUE
      : value;
  }
  return { kind: 'strict', parts: [value] };
}

function readOperator({ kind: written, name, lexpr, rexpr }: A_Expr): Expression {
  const kind: string = written ?? '';
  const operator = textOf(name?.at(-1)) ?? '';
  switch (kind) {
    case 'AEXPR_IN':
      return readList(
        lexpr,
        rexpr !== undefined && 'List' in rexpr ? rexpr.List.items : undefined,
        operator,
      );
    case 'AEXPR_OP_ANY': {
      const array = rexpr !== undefined && 'TypeCast' in rexpr ? rexpr.TypeCast.arg : rexpr;
      return array !== undefined && 'A_ArrayExpr' in array
        ? readList(lexpr, array.A_ArrayExpr.elements, operator)
        : OPAQUE;
    }
    case 'AEXPR_BETWEEN': {
      const [low, high] = rexpr !== undefined && 'List' in rexpr ? (rexpr.List.items ?? []) : [];
      const left = readExpression(lexpr);
      const parts = [
        { kind: 'compare' as const, operator: '>=', left, right: readExpression(low) },
        { kind: 'compare' as const, operator: '<=', left, right: readExpression(high) },
      ];
      return { kind: 'and', parts };
    }
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE': {
      if (!STRICT_OPERATORS.test(operator)) return OPAQUE;
      const [left, right] = [readExpression(lexpr), readExpression(rexpr)];
      return /^(=|<>|<|<=|>|>=)$/.test(operator)
        ? { kind: 'compare', operator, left, right }
        : { kind: 'strict', parts: [left, right] };
    }
    default:
      return OPAQUE;
  }
}

function readList(
  value: Node | undefined,
  list: readonly Node[] | undefined,
  operator: string,
): Expression {
  if (list === undefined || (operator !== '=' && operator !== '<>')) return OPAQUE;
  return {
    kind: 'in',
    negated: operator === '<>',
    value: readExpression(value),
    list: list.map(readExpression),
  };
}

/** `lower`, `pg_catalog.lower`; a function of another schema keeps it: `app.lower`. */
export function functionName(parts: readonly Node[] | undefined): string {
  return textsOf(parts)
    .filter((part) => part !== 'pg_catalog')
    .join('.');
}

export function readDefault(node: Node | undefined): DefaultValue {
  const expression = readExpression(node);
  if (expression.kind === 'constant') return expression;
  const constant = node === undefined ? undefined : constantUnderCasts(node);
  if (constant !== undefined) return { kind: 'constant', value: constant };
  const functions = functionsIn(node);
  const isOneCall = node !== undefined && ('FuncCall' in node || 'TypeCast' in node);
  const distinct = isOneCall && functions.length === 1 && functions.every(isDistinct);
  return { kind: 'computed', functions, distinct };
}

/** `'{}'::jsonb` is as constant as `'{}'`. */
function constantUnderCasts(node: Node): Constant | undefined {
  if ('TypeCast' in node) return node.TypeCast.arg && constantUnderCasts(node.TypeCast.arg);
  return 'A_Const' in node ? readConstant(node.A_Const) : undefined;
}

/** Names of all functions that are called anywhere below. */
export function functionsIn(node: unknown): string[] {
  const names: string[] = [];
  visit(node, (kind, one) => {
    if (kind !== 'FuncCall') return;
    const parts: unknown = Reflect.get(one, 'funcname');
    names.push(Array.isArray(parts) ? nameOfCall(parts) : '?');
  });
  return [...new Set(names)];
}

function nameOfCall(parts: readonly unknown[]): string {
  const texts = parts.map((part) => {
    const text: unknown = at(at(part, 'String'), 'sval');
    return typeof text === 'string' ? text : '?';
  });
  return texts.filter((text) => text !== 'pg_catalog').join('.');
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** Calls `see` for everything below that has a kind: the parser's `{ FuncCall: { … } }`. */
export function visit(node: unknown, see: (kind: string, value: object) => void): void {
  if (Array.isArray(node)) {
    for (const one of node) visit(one, see);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  for (const key of Object.keys(node)) {
    const value: unknown = Reflect.get(node, key);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) see(key, value);
    visit(value, see);
  }
}

/** Whether computing it can fail for a value that was taken so far: a cast, an unknown function. */
export function canFail(node: unknown): boolean {
  let fails = false;
  visit(node, (kind, one) => {
    if (kind === 'TypeCast') fails ||= !isCastOfConstant(one);
    if (kind === 'SubLink' || kind === 'MultiAssignRef') fails = true;
    if (kind === 'A_Expr') fails ||= /"sval":"[/%]"/.test(JSON.stringify(Reflect.get(one, 'name')));
  });
  return fails || functionsIn(node).some((name) => !cannotFail(name));
}

/** Constants were cast when the index was made; a cast to text cannot fail. */
function isCastOfConstant(cast: object): boolean {
  const type = JSON.stringify(at(at(cast, 'typeName'), 'names') ?? '');
  return at(at(cast, 'arg'), 'A_Const') !== undefined || /"(text|varchar|regconfig)"/.test(type);
}
