import type { Expression, Node, Statement as ScriptStatement, VariableDeclaration } from 'acorn';
import type { Statement } from '../../model/migration/change.ts';
import { shorten, type SqlParser } from '../sql/parse-sql.ts';
import { chainOf, unwrap } from './call-chain.ts';
import type { UpFunction } from './find-up.ts';
import { knexChain } from './knex.ts';
import { type Constants, type Literal, literalOf, OPAQUE } from './literals.ts';
import { pgmCall } from './node-pg-migrate.ts';
import { Uncertain } from './sql-text.ts';

interface Script {
  up: UpFunction;
  constants: Constants;
  source: string;
  parseSql: SqlParser;
}

type Tool = 'knex' | 'node-pg-migrate' | 'unknown';
type Emit = (statement: Statement) => void;

/** Hands over what the function does, statement by statement. @returns the library it is written for */
export function readUp(script: Script, emit: Emit): Tool {
  const { up } = script;
  const [parameter] = up.params;
  const body = up.body.type === 'BlockStatement' ? up.body.body : [up.body];
  if (parameter?.type !== 'Identifier') {
    if (body.length > 0)
      emit(unknown(script, up, 'What it calls is not named by its first parameter.'));
    return 'unknown';
  }
  const [, second] = up.params;
  const reading: Reading = {
    script,
    done: second?.type === 'Identifier' ? second.name : undefined,
    builder: parameter.name,
    constants: new Map(script.constants),
    tool: 'unknown',
    emit,
  };
  for (const node of body) readNode(reading, node);
  return reading.tool;
}

interface Reading {
  script: Script;
  /** Name of the function's first parameter. */
  builder: string;
  /** Name of its second one: older libraries have it called at the end. */
  done: string | undefined;
  constants: Map<string, Literal>;
  tool: Tool;
  emit: Emit;
}

function readNode(reading: Reading, node: ScriptStatement | Expression): void {
  // A function does nothing until it is called, and such a call is not read.
  if (node.type === 'EmptyStatement' || node.type === 'FunctionDeclaration') return;
  if (node.type === 'ReturnStatement') {
    if (node.argument !== null && node.argument !== undefined) {
      readExpression(reading, node.argument);
    }
  } else if (node.type === 'ExpressionStatement') {
    // `'use strict'` is one of these.
    if (typeof node.directive !== 'string') readExpression(reading, node.expression);
  } else if (node.type === 'BlockStatement') {
    for (const one of node.body) readNode(reading, one);
  } else if (isExpression(node)) {
    readExpression(reading, node);
  } else if (node.type !== 'VariableDeclaration' || !readConstants(reading, node)) {
    reading.emit(unknown(reading.script, node, 'What it does is only known when it runs.'));
  }
}

/** @returns false when finding the value may do something */
function readConstants(reading: Reading, { kind, declarations }: VariableDeclaration): boolean {
  if (kind !== 'const') return false;
  return declarations.every(({ id, init }) => {
    if (id.type !== 'Identifier' || init === null || init === undefined) return false;
    const value: Literal = literalOf(init, reading.constants);
    reading.constants.set(id.name, value);
    return value !== OPAQUE || doesNothing(reading, unwrap(init));
  });
}

/** `Order.tableName`, a function that is not called yet, `knex.schema.hasTable('x')`. */
function doesNothing(reading: Reading, node: Expression): boolean {
  if (node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression') return true;
  const chain = chainOf(node);
  if (chain === undefined || chain.rootArgs !== undefined) return false;
  const called = chain.links.filter(({ args }) => args !== undefined);
  if (called.length === 0) return true;
  const path = [chain.root, ...chain.links.map(({ name }) => name)].join('.');
  return (
    called.length === 1 &&
    /^\.schema\.has(Table|Column)$/.test(path.slice(reading.builder.length)) &&
    chain.root === reading.builder
  );
}

function isExpression(node: ScriptStatement | Expression): node is Expression {
  return /Expression$|^Literal$|^TemplateLiteral$|^Identifier$/.test(node.type);
}

function readExpression(reading: Reading, expression: Expression): void {
  const { script, constants } = reading;
  const node = unwrap(expression);
  if (node.type === 'Identifier' && node.name === 'undefined') return;
  if (node.type === 'Literal') return;
  if (isDone(reading, node)) return;
  const several = listOfAll(node);
  if (several !== undefined) {
    for (const one of several) readExpression(reading, one);
    return;
  }
  try {
    const sql = sqlOf(reading, node, constants);
    if (sql === undefined) {
      reading.emit(unknown(script, node, 'What it does is only known when it runs.'));
      return;
    }
    const text = textOf(script, node);
    const line = node.loc?.start.line ?? 1;
    for (const one of sql) {
      for (const { change } of script.parseSql(one)) reading.emit({ line, text, change });
    }
  } catch (error) {
    if (!(error instanceof Uncertain)) throw error;
    reading.emit(unknown(script, node, error.message));
  }
}

/** `done()`: nothing but a sign to the library. */
function isDone({ done }: Reading, node: Expression): boolean {
  return (
    node.type === 'CallExpression' &&
    node.callee.type === 'Identifier' &&
    node.callee.name === done &&
    node.arguments.length === 0
  );
}

/** `Promise.all([a, b])`: all of them. */
function listOfAll(node: Expression): Expression[] | undefined {
  if (node.type !== 'CallExpression' || node.arguments.length !== 1) return undefined;
  const chain = chainOf(node);
  const [first] = node.arguments;
  if (chain?.root !== 'Promise' || chain.links[0]?.name !== 'all' || chain.links.length > 1)
    return undefined;
  if (first?.type !== 'ArrayExpression') return undefined;
  const all = first.elements.filter((one) => one !== null && one.type !== 'SpreadElement');
  return all.length === first.elements.length ? all : undefined;
}

function sqlOf(reading: Reading, node: Expression, constants: Constants): string[] | undefined {
  const { script } = reading;
  const chain = chainOf(node);
  if (chain?.root !== reading.builder) return undefined;
  const inner = (chain.rootArgs === undefined ? [] : chain.links).flatMap(({ args }) => args ?? []);
  // Rows that come from another call: what that one does has to be read too.
  if (inner.some(({ start, end }) => script.source.slice(start, end).includes(reading.builder)))
    return undefined;
  const [link, ...others] = chain.links;
  if (chain.rootArgs === undefined && link?.args !== undefined && others.length === 0) {
    const sql = pgmCall(
      link.name,
      link.args.map((one) => literalOf(one, constants)),
    );
    if (sql !== undefined) {
      reading.tool = 'node-pg-migrate';
      return sql;
    }
  }
  const sql = knexChain(chain, constants);
  if (sql !== undefined) reading.tool = 'knex';
  return sql;
}

function unknown(script: Script, node: Node, why: string): Statement {
  return {
    line: node.loc?.start.line ?? 1,
    text: textOf(script, node),
    change: { type: 'unknown', why },
  };
}

const textOf = ({ source }: Script, { start, end }: Node): string =>
  shorten(source.slice(start, end));
