/** Runs one program to its end, and knows for certain how it ended. */

import { type ChildProcess, spawn } from 'node:child_process';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { EnvironmentVariables } from '../../config/environment.ts';
import { lastLines, lineSplitter, redactor, type Tail } from './output.ts';
import { endGroup } from './process-group.ts';

/** Of each output, the end that goes into errors and the journal: 4 KB together. */
const TAIL_BYTES = 2 * 1024;
/** What we read from a program that answers a question. */
const ANSWER_BYTES = 64 * 1024;
/**
 * A program that ended may have left a child holding its output open. We stop reading when nothing
 * has come for a moment, and after 2 s in any case.
 */
const DRAIN_MS = 100;
const DRAINS = 20;

export interface CommandLine {
  /** Program and arguments; never seen by a shell. */
  argv: readonly string[];
  cwd: string;
  env: EnvironmentVariables;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Values that must not appear in output. */
  secrets: readonly string[];
  /** Each line of both outputs as it comes, secrets removed. */
  onLine?: ((line: string) => void) | undefined;
}

interface Printed {
  /** The last lines of standard output and then of standard error, at most 4 KB, secrets removed. */
  tail: string;
  /** The standard output as it is, at most 64 KB. */
  answer: string;
}

export type CommandEnd =
  | (Printed & { how: 'exited'; code: number })
  /** Somebody else ended it, and we what it had started. `gone`: see below. */
  | (Printed & { how: 'killed'; signal: string; gone: boolean })
  /**
   * We ended it. `gone: false` = something of it may still be running. `reason`: what the signal
   * that aborted it was given.
   */
  | (Printed & { how: 'stopped'; why: 'timeout' | 'aborted'; gone: boolean; reason?: unknown })
  /** It never ran. */
  | { how: 'not-started'; problem: string };

/**
 * The program runs in a process group of its own, so that ending it ends what it started, and so
 * that Ctrl-C at our terminal reaches only us: we then end the group in good order. This promise
 * settles only when the program is over; after a signal, ours or another's, when its whole group is
 * gone, or could not be ended.
 *
 * A program that starts something meant to stay (a server) must detach it (setsid) and give it an
 * output of its own: after the program's end we stop reading, and a stop would end it as well.
 */
export async function runCommand(line: CommandLine): Promise<CommandEnd> {
  if (line.signal?.aborted === true) {
    return { how: 'not-started', problem: 'the step was over before it could start' };
  }
  const [program = '', ...args] = line.argv;
  const { cwd } = line;
  const env = { ...line.env };
  let child: ChildProcess;
  try {
    child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    return { how: 'not-started', problem: String(error) };
  }
  const printed = collect(child, line);
  const ended = exitOf(child);
  const timers = new AbortController();
  const stopped = waitForStop(line, timers.signal);
  try {
    const first = await Promise.race([ended, stopped]);
    if (first === 'timeout' || first === 'aborted') {
      const gone = child.pid === undefined || (await endGroup(child.pid));
      const reason: unknown = first === 'aborted' ? line.signal?.reason : undefined;
      return { how: 'stopped', why: first, gone, reason, ...(await printed()) };
    }
    if ('problem' in first) {
      // Node says the same for a missing program and a missing folder.
      const problem = first.problem.endsWith('ENOENT')
        ? `there is no program ${program} (on its PATH), or no folder ${cwd} to run it in`
        : first.problem;
      return { how: 'not-started', problem };
    }
    const { code, signal } = first;
    if (code === null) {
      // Whoever ended it (an operator, the kernel short of memory) ended one process. What that one
      // had started goes on and may change the target long after we have read back what is live.
      const gone = child.pid === undefined || (await endGroup(child.pid));
      return { how: 'killed', signal: signal ?? 'a signal', gone, ...(await printed()) };
    }
    return { how: 'exited', code, ...(await printed()) };
  } finally {
    timers.abort();
  }
}

type Exit = { code: number | null; signal: string | null } | { problem: string };

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ problem: error.message }));
  });
}

/** Resolves at the timeout or the abort; never when `done` aborts first. */
async function waitForStop(line: CommandLine, done: AbortSignal): Promise<'timeout' | 'aborted'> {
  const signal = line.signal === undefined ? done : AbortSignal.any([line.signal, done]);
  try {
    // The machine's timer and not the Clock: the program lives in real time, whatever time a
    // test makes us believe in.
    await sleep(line.timeoutMs, undefined, { signal });
    return 'timeout';
  } catch {
    if (!done.aborted) return 'aborted';
    return new Promise(() => undefined);
  }
}

/** Starts reading; the function it returns waits a moment for the rest, then stops reading. */
function collect(child: ChildProcess, line: CommandLine): () => Promise<Printed> {
  const redact = redactor(line.secrets);
  const tails: Tail[] = [];
  const answer: Buffer[] = [];
  let answerBytes = 0;
  let bytes = 0;
  const splitters = [child.stdout, child.stderr].map((stream) => {
    // One for each: a flood on one must not wash away the error on the other.
    const tail = lastLines(TAIL_BYTES);
    tails.push(tail);
    const splitter = lineSplitter((text) => {
      const clean = redact(text);
      tail.add(clean);
      try {
        line.onLine?.(clean);
      } catch {
        // Whoever watches must not be able to end the deploy by failing.
      }
    });
    stream?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      splitter.write(chunk);
      if (stream !== child.stdout || answerBytes >= ANSWER_BYTES) return;
      answer.push(chunk);
      answerBytes += chunk.length;
    });
    stream?.on('error', () => undefined);
    return splitter;
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  return async () => {
    for (let round = 0, before = -1; round < DRAINS && before !== bytes; round += 1) {
      before = bytes;
      if (await isClosedWithin(closed, DRAIN_MS)) break;
    }
    child.stdout?.destroy();
    child.stderr?.destroy();
    for (const splitter of splitters) splitter.end();
    const text = Buffer.concat(answer).subarray(0, ANSWER_BYTES).toString('utf8');
    const tail = tails.map((one) => one.text()).join('\n');
    return { tail: tail.trim(), answer: text };
  };
}

async function isClosedWithin(closed: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
  const isClosed = await Promise.race([closed.then(() => true), late]);
  timer.abort();
  // On a busy machine the timer may be due before what has already arrived was even looked at.
  if (!isClosed) await nextTurn();
  return isClosed;
}
