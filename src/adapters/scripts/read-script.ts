import { stripTypeScriptTypes } from 'node:module';
import { parse, type Program } from 'acorn';
import { describeCause } from '../../model/error.ts';
import type { Statement } from '../../model/migration/change.ts';
import type { ScriptReading } from '../../ports/migrations.ts';
import { shorten, type SqlParser } from '../sql/parse-sql.ts';
import { findUp } from './find-up.ts';
import { readUp } from './read-up.ts';

/**
 * What a script of node-pg-migrate or Knex does when it goes up, read from its text: nothing is
 * run. Calls whose SQL is certain are judged as that SQL; everything else needs a human.
 */
export function readScript(parseSql: SqlParser, path: string, text: string): ScriptReading {
  let source: string;
  let program: Program;
  try {
    source = /\.[cm]?ts$/i.test(path) ? withoutTypes(text) : text;
    program = parseScript(source);
  } catch (error) {
    return unknown(`It cannot be read as a script: ${shorten(describeCause(error))}.`);
  }
  const found = findUp(program);
  switch (found.kind) {
    case 'none':
      // Tools run whatever lies in their folder; what is numbered is meant for one.
      return /^\d/.test(path.slice(path.lastIndexOf('/') + 1))
        ? unknown('It exports no function `up` that can be read here.')
        : { kind: 'helper' };
    case 'elsewhere':
      return unknown('What its `up` does is not in this file, or not in a form that is read here.');
    case 'function': {
      const statements: Statement[] = [];
      const tool = readUp({ ...found, source, parseSql }, (statement) =>
        statements.push(statement),
      );
      return { kind: 'migration', tool, statements };
    }
    default:
      return found satisfies never;
  }
}

function unknown(why: string): ScriptReading {
  const statement: Statement = { line: 1, text: '', change: { type: 'unknown', why } };
  return { kind: 'migration', tool: 'unknown', statements: [statement] };
}

/** Types become spaces: every line and column stays where it was. @throws for enums and the like */
function withoutTypes(text: string): string {
  const emit = process.emitWarning.bind(process);
  // Node says once that this is experimental; a person at 03:00 has no use for that.
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emit;
  }
}

/** @throws SyntaxError */
function parseScript(source: string): Program {
  const common = {
    ecmaVersion: 'latest',
    locations: true,
    allowReturnOutsideFunction: true,
    allowHashBang: true,
  } as const;
  try {
    return parse(source, { ...common, sourceType: 'module' });
  } catch {
    return parse(source, { ...common, sourceType: 'script' });
  }
}
