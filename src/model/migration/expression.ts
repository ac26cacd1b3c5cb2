/** Conditions of check constraints, as far as they can be worked out without a database. */

export type Constant = string | number | boolean | null;

export type Expression =
  | { kind: 'constant'; value: Constant }
  | { kind: 'column'; name: string }
  | { kind: 'compare'; operator: string; left: Expression; right: Expression }
  | { kind: 'in'; negated: boolean; value: Expression; list: Expression[] }
  | { kind: 'is null'; negated: boolean; value: Expression }
  | { kind: 'and' | 'or'; parts: Expression[] }
  | { kind: 'not'; part: Expression }
  /** A function or operator of PostgreSQL that gives null for null, and else something unknown. */
  | { kind: 'strict'; parts: Expression[] }
  | { kind: 'coalesce'; parts: Expression[] }
  | { kind: 'opaque' };

/** Whether a condition may depend on a column; what is opaque may. */
export function mentions(expression: Expression, column: string): boolean {
  const within = (parts: readonly Expression[]): boolean =>
    parts.some((part) => mentions(part, column));
  switch (expression.kind) {
    case 'constant':
      return false;
    case 'column':
      return expression.name === column;
    case 'compare':
      return within([expression.left, expression.right]);
    case 'in':
      return within([expression.value, ...expression.list]);
    case 'is null':
      return within([expression.value]);
    case 'not':
      return within([expression.part]);
    case 'and':
    case 'or':
    case 'strict':
    case 'coalesce':
      return within(expression.parts);
    case 'opaque':
      return true;
    default:
      return expression satisfies never;
  }
}

/** Undefined: it cannot be told. */
type Result = Constant | undefined;

/** The value of a column in a row that old code writes, undefined when old code decides. */
export type ValueOf = (column: string) => Constant | undefined;

/**
 * Whether rows written by old code satisfy a check; a check is satisfied by true and by null.
 * @returns undefined when that cannot be told
 */
export function satisfies(expression: Expression, valueOf: ValueOf): boolean | undefined {
  const result = evaluate(expression, valueOf);
  return result === undefined ? undefined : result !== false;
}

function evaluate(expression: Expression, valueOf: ValueOf): Result {
  const at = (part: Expression): Result => evaluate(part, valueOf);
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'column':
      return valueOf(expression.name);
    case 'compare':
      return compare(expression.operator, at(expression.left), at(expression.right));
    case 'in': {
      const value = at(expression.value);
      const found = any(expression.list.map((one) => compare('=', value, at(one))));
      return expression.negated ? not(found) : found;
    }
    case 'is null': {
      const value = at(expression.value);
      return value === undefined ? undefined : (value === null) !== expression.negated;
    }
    case 'and':
      return not(any(expression.parts.map((part) => not(at(part)))));
    case 'or':
      return any(expression.parts.map(at));
    case 'not':
      return not(at(expression.part));
    case 'strict':
      return expression.parts.some((part) => at(part) === null) ? null : undefined;
    case 'coalesce':
      return firstValue(expression.parts.map(at));
    case 'opaque':
      return undefined;
    default:
      return expression satisfies never;
  }
}

/** SQL's OR, in which null stands for "unknown" and undefined for "we cannot tell". */
function any(results: readonly Result[]): Result {
  if (results.includes(true)) return true;
  if (results.some((one) => one !== null && typeof one !== 'boolean')) return undefined;
  return results.includes(null) ? null : false;
}

function not(result: Result): Result {
  return typeof result === 'boolean' ? !result : result === null ? null : undefined;
}

function firstValue(results: readonly Result[]): Result {
  for (const one of results) if (one !== null) return one;
  return null;
}

/**
 * Only what is the same in every collation and type: the order of numbers, equality of values of
 * one type. `'5' = 5` depends on the column's type.
 */
function compare(operator: string, left: Result, right: Result): Result {
  if (left === null || right === null) return null;
  if (left === undefined || right === undefined || typeof left !== typeof right) return undefined;
  if (operator === '=') return left === right;
  if (operator === '<>') return left !== right;
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      return undefined;
  }
}
