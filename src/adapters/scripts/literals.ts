/** Values of a script that stand there as they are. Nothing is ever run. */
import type { CallExpression, Expression, ObjectExpression, Property, SpreadElement } from 'acorn';

/** A piece of SQL in the place of a value: `pgm.func('now()')`, `knex.fn.now()`. */
export interface SqlText {
  sql: string;
}

/** Something whose value is only known when the script runs. */
export interface Opaque {
  opaque: true;
}
export const OPAQUE: Opaque = { opaque: true };

export type Literal =
  | string
  | number
  | boolean
  | null
  | undefined
  | Opaque
  | SqlText
  | readonly Literal[]
  | ReadonlyMap<string, Literal>;

/** Constants of the script by name. */
export type Constants = ReadonlyMap<string, Literal>;

export function isSqlText(value: Literal): value is SqlText {
  return typeof value === 'object' && value !== null && 'sql' in value;
}

export function isList(value: Literal): value is readonly Literal[] {
  return Array.isArray(value);
}

export function isObject(value: Literal): value is ReadonlyMap<string, Literal> {
  return value instanceof Map;
}

/** Texts of a list, or of one text; undefined when any is something else. */
export function textsIn(value: Literal): string[] | undefined {
  const list = isList(value) ? value : [value];
  const texts = list.filter((one) => typeof one === 'string');
  return texts.length === list.length ? texts : undefined;
}

/** The value of an expression. Objects become maps, so that no key can be mistaken for a method. */
export function literalOf(node: Expression | SpreadElement, constants: Constants): Literal {
  if (node.type === 'Literal') {
    const { value } = node;
    return value instanceof RegExp || typeof value === 'bigint' ? OPAQUE : value;
  }
  if (node.type === 'TemplateLiteral')
    return templateText(node.quasis, node.expressions, constants);
  if (node.type === 'Identifier') {
    if (node.name === 'undefined') return undefined;
    return constants.has(node.name) ? constants.get(node.name) : OPAQUE;
  }
  if (node.type === 'ArrayExpression') {
    return node.elements.map((one) => (one === null ? null : literalOf(one, constants)));
  }
  if (node.type === 'ObjectExpression') return objectOf(node, constants);
  if (node.type === 'UnaryExpression') {
    const value = literalOf(node.argument, constants);
    if (node.operator === '-' && typeof value === 'number') return -value;
    return node.operator === '!' && typeof value === 'boolean' ? !value : OPAQUE;
  }
  if (node.type === 'BinaryExpression') {
    if (node.operator !== '+' || node.left.type === 'PrivateIdentifier') return OPAQUE;
    const left = literalOf(node.left, constants);
    const right = literalOf(node.right, constants);
    return typeof left === 'string' && typeof right === 'string' ? left + right : OPAQUE;
  }
  return node.type === 'CallExpression' ? sqlTextOf(node, constants) : OPAQUE;
}

function templateText(
  quasis: readonly { value: { cooked?: string | null } }[],
  expressions: readonly Expression[],
  constants: Constants,
): Literal {
  let text = '';
  for (const [index, { value }] of quasis.entries()) {
    if (typeof value.cooked !== 'string') return OPAQUE;
    text += value.cooked;
    const expression = expressions[index];
    if (expression === undefined) continue;
    const inserted = literalOf(expression, constants);
    if (typeof inserted !== 'string' && typeof inserted !== 'number') return OPAQUE;
    text += String(inserted);
  }
  return text;
}

function objectOf(node: ObjectExpression, constants: Constants): Literal {
  const members = new Map<string, Literal>();
  for (const property of node.properties) {
    const key = keyOf(property);
    if (key === undefined || property.type === 'SpreadElement') return OPAQUE;
    members.set(key, literalOf(property.value, constants));
  }
  return members;
}

function keyOf(property: Property | SpreadElement): string | undefined {
  if (property.type === 'SpreadElement' || property.kind !== 'init') return undefined;
  const { key, computed } = property;
  if (!computed && key.type === 'Identifier') return key.name;
  return key.type === 'Literal' && typeof key.value === 'string' ? key.value : undefined;
}

/** `x.func('…')`, `x.raw('…')`, `x.literal('…')`: SQL. `x.fn.now()`, `x.fn.uuid()`: functions of Knex. */
function sqlTextOf({ callee, arguments: given }: CallExpression, constants: Constants): Literal {
  if (callee.type !== 'MemberExpression' || callee.computed) return OPAQUE;
  const name = callee.property.type === 'Identifier' ? callee.property.name : '';
  const [first, ...others] = given;
  if (/^(func|raw|literal)$/.test(name) && first !== undefined && others.length === 0) {
    const sql = literalOf(first, constants);
    return typeof sql === 'string' ? { sql } : OPAQUE;
  }
  const { object } = callee;
  const isFn =
    object.type === 'MemberExpression' &&
    object.property.type === 'Identifier' &&
    object.property.name === 'fn';
  if (isFn && name === 'now') return { sql: 'now()' };
  return isFn && name === 'uuid' ? { sql: 'gen_random_uuid()' } : OPAQUE;
}
