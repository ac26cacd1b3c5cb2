import type {
  ArrowFunctionExpression,
  Expression,
  FunctionDeclaration,
  FunctionExpression,
  ModuleDeclaration,
  Program,
  Statement,
} from 'acorn';
import { type Constants, type Literal, literalOf, OPAQUE } from './literals.ts';

export type UpFunction = ArrowFunctionExpression | FunctionExpression | FunctionDeclaration;

export type FoundUp =
  | { kind: 'function'; up: UpFunction; constants: Constants }
  /** There is an `up`, but not one that can be read: imported, made by a call, a method of a class. */
  | { kind: 'elsewhere' }
  | { kind: 'none' };

/** Finds the function that a script exports as `up`, in the forms that people write. */
export function findUp(program: Program): FoundUp {
  const functions = new Map<string, UpFunction>();
  const constants = new Map<string, Literal>();
  let up: Expression | UpFunction | 'elsewhere' | undefined;
  for (const statement of program.body) {
    collect(statement, functions, constants);
    up = exportedUp(statement) ?? up;
  }
  if (up === undefined) return { kind: 'none' };
  const target = up !== 'elsewhere' && up.type === 'Identifier' ? functions.get(up.name) : up;
  if (target === undefined || target === 'elsewhere' || !isFunction(target))
    return { kind: 'elsewhere' };
  return { kind: 'function', up: target, constants };
}

function isFunction(node: Expression | UpFunction): node is UpFunction {
  return (
    node.type === 'ArrowFunctionExpression' ||
    node.type === 'FunctionExpression' ||
    node.type === 'FunctionDeclaration'
  );
}

type TopLevel = Statement | ModuleDeclaration;

/** Functions and constants of the script's outermost level. */
function collect(
  statement: TopLevel,
  functions: Map<string, UpFunction>,
  constants: Map<string, Literal>,
): void {
  const declaration =
    statement.type === 'ExportNamedDeclaration' ? (statement.declaration ?? statement) : statement;
  if (declaration.type === 'FunctionDeclaration') {
    functions.set(declaration.id.name, declaration);
    return;
  }
  if (declaration.type !== 'VariableDeclaration') return;
  for (const { id, init } of declaration.declarations) {
    if (id.type !== 'Identifier' || init === null || init === undefined) continue;
    if (isFunction(init)) functions.set(id.name, init);
    // What is not constant may be another thing by the time it is used.
    if (declaration.kind !== 'const') continue;
    const value = literalOf(init, constants);
    if (value !== OPAQUE) constants.set(id.name, value);
  }
}

/** What a statement exports as `up`. */
function exportedUp(statement: TopLevel): Expression | UpFunction | 'elsewhere' | undefined {
  if (statement.type === 'ExpressionStatement') return assignedUp(statement.expression);
  if (statement.type === 'ExportAllDeclaration') return 'elsewhere';
  if (statement.type === 'ExportDefaultDeclaration') {
    const { declaration } = statement;
    if (declaration.type === 'ClassDeclaration') return classUp(declaration.body.body);
    return declaration.type === 'ObjectExpression' ? memberUp(declaration) : undefined;
  }
  if (statement.type !== 'ExportNamedDeclaration') return undefined;
  const { declaration, specifiers, source } = statement;
  const named = specifiers.find(({ exported }) => nameOf(exported) === 'up');
  if (named !== undefined) {
    const isFromHere = source === null || source === undefined;
    return isFromHere && named.local.type === 'Identifier' ? named.local : 'elsewhere';
  }
  if (declaration?.type === 'FunctionDeclaration') {
    return declaration.id.name === 'up' ? declaration : undefined;
  }
  if (declaration?.type === 'ClassDeclaration') return classUp(declaration.body.body);
  if (declaration?.type !== 'VariableDeclaration') return undefined;
  const up = declaration.declarations.find(
    ({ id }) => id.type === 'Identifier' && id.name === 'up',
  );
  return up === undefined ? undefined : (up.init ?? 'elsewhere');
}

function nameOf(node: { type: string; name?: string; value?: unknown }): string {
  return node.type === 'Identifier' ? (node.name ?? '') : String(node.value);
}

/** Classes are of other libraries (TypeORM, MikroORM), which are not read. */
function classUp(
  body: readonly { type: string; key?: { type: string; name?: string } }[],
): 'elsewhere' | undefined {
  return body.some(({ key }) => key?.name === 'up') ? 'elsewhere' : undefined;
}

/** `exports.up = …`, `module.exports.up = …`, `module.exports = { up }` */
function assignedUp(expression: Expression): Expression | 'elsewhere' | undefined {
  if (expression.type !== 'AssignmentExpression') return undefined;
  const { left, right } = expression;
  const target = left.type === 'MemberExpression' ? pathOf(left) : '';
  if (target === 'exports.up' || target === 'module.exports.up') return right;
  if (target !== 'module.exports') return undefined;
  if (right.type === 'ObjectExpression') return memberUp(right);
  if (right.type === 'ClassExpression') return classUp(right.body.body);
  return 'elsewhere';
}

function pathOf(node: Expression): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.computed || node.object.type === 'Super') return '?';
  return `${pathOf(node.object)}.${node.property.type === 'Identifier' ? node.property.name : '?'}`;
}

function memberUp(
  object: Extract<Expression, { type: 'ObjectExpression' }>,
): Expression | 'elsewhere' | undefined {
  for (const property of object.properties) {
    if (property.type === 'SpreadElement') return 'elsewhere';
    if (!property.computed && nameOf(property.key) === 'up') return property.value;
  }
  return undefined;
}
