import { Writable } from 'node:stream';
import { BackoutError, describeCause } from '../src/model/error.ts';
import { ConfigError, describeProblems } from '../src/config/problems.ts';
import type { MessageCode } from '../src/model/message.ts';
import { cut, fit, labelled, wrap } from './render/text.ts';

/**
 * Where a command's words go: the result to the standard output (one JSON document with --json),
 * everything about the way there to the standard error.
 */
export interface Output {
  readonly json: boolean;
  /** The result: text for people, or the same as data. */
  result(data: unknown, text: string): void;
  /** The same where the text is commands to paste: its lines are not broken. */
  script(data: unknown, text: string): void;
  /** A line about the way there; too long ones are wrapped. */
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
  'complaints-investigate',
  'complaints-page',
  'commander-assigned',
  'held-release-back',
  'held-release-gone',
  'guard-blind',
  'guard-sees',
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
    stderr.write(`${fit(text)}\n`);
  };
  const script = (data: unknown, text: string): void => {
    clear();
    stdout.write(json ? `${JSON.stringify(data, undefined, 2)}\n` : `${text}\n`);
  };
  return {
    json,
    interactive,
    result: (data, text) => script(data, fit(text)),
    script,
    line,
    live(text) {
      if (!interactive) return;
      clear();
      // A terminal that does not know its width says 0.
      stderr.write(cut(text, Math.max(20, (stderr.columns || 80) - 1)));
      shown = true;
    },
    stream: new Writable({
      decodeStrings: false,
      write(chunk: unknown, _encoding, done) {
        line(String(chunk).trimEnd());
        done();
      },
    }),
  };
}

/** What happened, what state we are in, what to do: in that order, always. */
export function describeError(error: unknown): string {
  const { code, message, state, remedy } = errorData(error);
  const problems = error instanceof ConfigError ? describeProblems(error) : [];
  return [
    wrap(message, `${code}  `, '  '),
    ...problems.map((problem) => wrap(problem, '  ', '    ')),
    labelled('State', state),
    labelled('Do', remedy),
  ].join('\n');
}

/** The outermost frame's report: text on the standard error, with --json also data on the output. */
export function reportError(error: unknown, json: boolean, { stdout, stderr }: Streams): void {
  stderr.write(`${describeError(error)}\n`);
  if (json) stdout.write(`${JSON.stringify({ error: errorData(error) }, undefined, 2)}\n`);
}

interface ErrorData {
  code: string;
  message: string;
  state: string;
  remedy: string;
}

function errorData(error: unknown): ErrorData {
  if (error instanceof BackoutError) {
    const { code, message, state, remedy } = error;
    return { ...error.toJSON(), code, message, state, remedy };
  }
  return errorData(
    new BackoutError({
      code: 'E_INTERNAL',
      message: describeCause(error),
      state: 'Not known from here: this is a fault in Backout itself.',
      remedy: 'Look with `backout incident show` and `backout flags list`, then report it.',
    }),
  );
}
