import { Writable } from 'node:stream';
import { BackoutError, describeCause } from '../src/model/error.ts';
import { ConfigError, describeProblems } from '../src/config/problems.ts';
import type { MessageCode } from '../src/model/message.ts';
import { printable, wrap } from './render/text.ts';

/**
 * Where a command's words go: the result to the standard output (one JSON document with --json),
 * everything about the way there to the standard error.
 */
export interface Output {
  readonly json: boolean;
  /** The result: text for people, or the same as data. */
  result(data: unknown, text: string): void;
  /** A line about the way there. */
  line(text: string): void;
  /** A line that is replaced by whatever comes next; only on a terminal. */
  live(text: string): void;
  /** True when `live` shows something. */
  readonly interactive: boolean;
  /** For messages to the console channel. */
  readonly stream: Writable;
}

/** The live view and the result at the end say these already, in more detail. */
export const SHOWN_LIVE: readonly MessageCode[] = [
  'safe-state-on',
  'progress',
  'rollback-complete',
  'rollback-failed',
  'rollback-unknown',
  'refused',
  'recovery-step',
  'recovery-complete',
];

interface Streams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

export function openOutput(json: boolean, { stdout, stderr }: Streams): Output {
  const interactive = stderr.isTTY && !json;
  let shown = false;
  const clear = (): void => {
    if (shown) stderr.write('\r\u001b[2K');
    shown = false;
  };
  const line = (text: string): void => {
    clear();
    stderr.write(`${text}\n`);
  };
  return {
    json,
    interactive,
    result(data, text) {
      clear();
      stdout.write(json ? `${JSON.stringify(data, undefined, 2)}\n` : `${text}\n`);
    },
    line,
    live(text) {
      if (!interactive) return;
      clear();
      stderr.write(text.slice(0, Math.max(20, stderr.columns - 1)));
      shown = true;
    },
    stream: new Writable({
      decodeStrings: false,
      write(chunk: unknown, _encoding, done) {
        for (const row of String(chunk).trimEnd().split('\n')) {
          const indent = /^ */.exec(row)?.[0] ?? '';
          line(wrap(row.trim(), indent, `${indent}  `));
        }
        done();
      },
    }),
  };
}

/** What happened, what state we are in, what to do: in that order, always. */
function describeError(error: unknown): string {
  if (error instanceof ConfigError) {
    const problems = describeProblems(error).map((problem) => wrap(problem, '  ', '    '));
    return [
      wrap(error.message, `${error.code}  `),
      ...problems,
      labelled('State', error.state),
    ].join('\n');
  }
  if (error instanceof BackoutError) {
    return [
      wrap(printable(error.message), `${error.code}  `, '  '),
      labelled('State', error.state),
      labelled('Do', error.remedy),
    ].join('\n');
  }
  return [
    wrap(printable(describeCause(error)), 'E_INTERNAL  ', '  '),
    labelled('State', 'Not known from here: this is a fault in Backout itself.'),
    labelled('Do', 'Look with `backout incident show` and `backout flags list`, then report it.'),
  ].join('\n');
}

/** `Do:     …` with a hanging indent. */
export function labelled(label: string, text: string): string {
  return wrap(printable(text), `${label}:`.padEnd(9));
}

/** The outermost frame's report: text on the standard error, with --json also data on the output. */
export function reportError(error: unknown, json: boolean, { stdout, stderr }: Streams): void {
  stderr.write(`${describeError(error)}\n`);
  if (!json) return;
  const problems = error instanceof ConfigError ? { problems: error.problems } : {};
  const data =
    error instanceof BackoutError
      ? { ...error.toJSON(), ...problems }
      : { code: 'E_INTERNAL', kind: 'failed', message: describeCause(error) };
  stdout.write(`${JSON.stringify({ error: data }, undefined, 2)}\n`);
}
