import { setFlagsFromString } from 'node:v8';
import type { Node, SqlError } from 'libpg-query';
import { describeCause } from '../../model/error.ts';
import type { Change, Statement } from '../../model/migration/change.ts';
import { readChange } from './read-change.ts';
import { skipSpaceAndComments, splitSql } from './split-sql.ts';

/**
 * Reads the statements of an SQL text, with PostgreSQL's own grammar (of version 18).
 * Never throws: what cannot be read is a statement of its own, with line and reason.
 *
 * @param firstLine the line of its file on which the text begins
 */
export type SqlParser = (text: string, firstLine?: number) => Statement[];

/**
 * Loads the parser (20 ms, 2 MB of WebAssembly). It starts while it is imported, so it is imported
 * only here, when something is to be parsed: the emergency does not wait for it.
 */
export async function loadSqlParser(): Promise<SqlParser> {
  keepParserSmall();
  // The whole module: a bundle of it has no names of its own.
  const { default: parser } = await import('libpg-query');
  const { loadModule, parseSync, hasSqlDetails } = parser;
  await loadModule();
  let broken: string | undefined;
  const parse = (text: string): Parsed => {
    if (broken !== undefined) return { problem: broken };
    try {
      const nodes = (parseSync(text).stmts ?? []).map(
        ({ stmt, stmt_location: start = 0, stmt_len }) => {
          // 0 and absent both mean: to the end of the text.
          const end = stmt_len === undefined || stmt_len === 0 ? undefined : start + stmt_len;
          return { node: stmt, start, end };
        },
      );
      return { nodes };
    } catch (error) {
      if (hasSqlDetails(error)) return { problem: explain(error) };
      // The memory of the parser may be damaged; whatever it says from now on is not to be trusted.
      broken = `PostgreSQL's parser stopped working: ${describeCause(error)}.`;
      return { problem: broken };
    }
  };
  return (text, firstLine = 1) => parseText(parse, text, firstLine);
}

/**
 * After some dozen statements V8 would optimise the grammar's one huge function: 550 MB of memory
 * and half a second, which the end of the process waits for, more than all the parsing there is.
 * Both flags count when the parser is loaded, and for WebAssembly only.
 */
function keepParserSmall(): void {
  setFlagsFromString('--no-wasm-tier-up');
  setFlagsFromString('--no-wasm-dynamic-tiering');
}

interface ParsedNode {
  node: Node | undefined;
  /** In bytes of UTF-8. */
  start: number;
  end: number | undefined;
}

type Parsed = { nodes: ParsedNode[]; problem?: never } | { nodes?: never; problem: string };

function explain(error: SqlError): string {
  return `PostgreSQL's grammar does not take it: ${error.message}.`;
}

function parseText(parse: (text: string) => Parsed, text: string, firstLine: number): Statement[] {
  // The parser would end at a NUL and say nothing about the rest.
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    const why = 'The file has a NUL character, at which PostgreSQL would stop reading.';
    return [unreadable(text, firstLine + linesIn(text.slice(0, nul)), nul, why)];
  }
  // The parser refuses an empty text, and in a way that looks like a damage.
  if (skipSpaceAndComments(text) >= text.length) return [];
  const whole = parse(text);
  if (whole.nodes !== undefined) return locate(text, whole.nodes, firstLine);
  let line = firstLine;
  let position = 0;
  return splitSql(text).flatMap(({ start, end, isForPsql }) => {
    line += linesIn(text.slice(position, start));
    position = start;
    const piece = text.slice(start, end);
    const begin = skipSpaceAndComments(piece);
    const at = line + linesIn(piece.slice(0, begin));
    if (isForPsql) {
      return [unreadable(piece, line, 0, 'It is a command of psql, not of PostgreSQL.')];
    }
    const parsed = parse(piece);
    if (parsed.nodes !== undefined) return locate(piece, parsed.nodes, line);
    return [unreadable(piece, at, begin, parsed.problem)];
  });
}

function locate(text: string, nodes: readonly ParsedNode[], firstLine: number): Statement[] {
  const bytes = Buffer.from(text, 'utf8');
  let line = firstLine;
  let counted = 0;
  return nodes.map(({ node, start, end }) => {
    const written = bytes.toString('utf8', start, end);
    const begin = skipSpaceAndComments(written);
    line += linesIn(bytes.toString('utf8', counted, start));
    counted = start;
    const change: Change =
      node === undefined
        ? { type: 'unknown', why: 'The parser found nothing in it.' }
        : readChange(node);
    return {
      line: line + linesIn(written.slice(0, begin)),
      text: shorten(written.slice(begin)),
      change,
    };
  });
}

function unreadable(text: string, line: number, begin: number, why: string): Statement {
  return { line, text: shorten(text.slice(begin)), change: { type: 'unknown', why } };
}

const LONGEST = 200;

/** On one line, cut: it goes into reports. */
export function shorten(text: string): string {
  const line = text
    .slice(0, 4 * LONGEST)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
