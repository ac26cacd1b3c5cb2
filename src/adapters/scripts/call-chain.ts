import type { Expression, SpreadElement, Super } from 'acorn';

export type Argument = Expression | SpreadElement;

/** One link of `knex.schema.createTable('x', …)`: a member, or a call of it. */
export interface Link {
  name: string;
  /** Undefined for a member that is not called. */
  args: readonly Argument[] | undefined;
}

export interface Chain {
  /** The variable that it begins with. */
  root: string;
  /** Of `knex('users')…`: what the variable itself is called with. */
  rootArgs: readonly Argument[] | undefined;
  links: Link[];
}

/** `await x` and `(x)` are x. */
export function unwrap(node: Expression): Expression {
  if (node.type === 'AwaitExpression') return unwrap(node.argument);
  return node.type === 'ParenthesizedExpression' ? unwrap(node.expression) : node;
}

/** The calls of an expression in the order in which they happen; undefined for any other. */
export function chainOf(node: Expression | Super): Chain | undefined {
  if (node.type === 'Identifier') return { root: node.name, rootArgs: undefined, links: [] };
  if (node.type === 'MemberExpression') {
    const chain = node.object.type === 'Super' ? undefined : chainOf(node.object);
    if (
      chain === undefined ||
      node.computed ||
      node.optional ||
      node.property.type !== 'Identifier'
    ) {
      return undefined;
    }
    chain.links.push({ name: node.property.name, args: undefined });
    return chain;
  }
  if (node.type === 'TaggedTemplateExpression') {
    const chain = chainOf(node.tag);
    return chain === undefined ? undefined : called(chain, [node.quasi]);
  }
  if (node.type !== 'CallExpression' || node.optional) return undefined;
  const chain = chainOf(node.callee);
  return chain === undefined ? undefined : called(chain, node.arguments);
}

function called(chain: Chain, args: readonly Argument[]): Chain | undefined {
  const last = chain.links.at(-1);
  if (last === undefined) {
    if (chain.rootArgs !== undefined) return undefined;
    return { ...chain, rootArgs: args };
  }
  if (last.args !== undefined) return undefined;
  last.args = args;
  return chain;
}
