/** Starts the real command line as a process of its own, and may stop it at an exact point. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS } from './wait.ts';

const CLI = fileURLToPath(new URL('../../../cli/backout.ts', import.meta.url));
const BOUNDARY = new URL('programs/boundary.ts', import.meta.url).href;

/** A point in the work of a command: an event of its execution, of one step where it has one. */
export interface Boundary {
  event: string;
  step?: string;
}

export interface CliOptions {
  killAt?: Boundary;
  /** SIGSTOP: the process stands still until it is continued. */
  stopAt?: Boundary;
  /** Gets a line for every event. */
  eventsFile?: string;
  variables?: Record<string, string | undefined>;
}

export interface CliEnd {
  /** Null when a signal ended it. */
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  /** What `--json` printed; undefined when it printed none. */
  json: unknown;
  ms: number;
}

export interface RunningCli {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  /** @throws {Error} with all output when it does not end in time */
  end: Promise<CliEnd>;
}

export function startCli(
  args: readonly string[],
  cwd: string,
  variables: Record<string, string | undefined>,
  { killAt, stopAt, eventsFile, variables: more }: CliOptions = {},
): RunningCli {
  const point = killAt ?? stopAt;
  const signal = killAt === undefined ? 'SIGSTOP' : 'SIGKILL';
  const stop = point === undefined ? {} : { SCENARIO_STOP: JSON.stringify({ ...point, signal }) };
  const events = eventsFile === undefined ? {} : { SCENARIO_EVENTS: eventsFile };
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', BOUNDARY, CLI, ...args], {
    cwd,
    env: { ...variables, ...more, ...stop, ...events },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const end = async (): Promise<CliEnd> => {
    const timer = new AbortController();
    const late = sleep(PATIENCE_MS, 'late' as const, { signal: timer.signal }).catch(() => 'late');
    const first = await Promise.race([output, late]);
    timer.abort();
    if (typeof first === 'string') child.kill('SIGKILL');
    const [stdout, stderr] = await output;
    if (typeof first === 'string') {
      throw new Error(`backout ${args.join(' ')} did not end:\n${stdout}\n${stderr}`);
    }
    const ms = Math.round(performance.now() - began);
    const { exitCode: code, signalCode } = child;
    return { code, signal: signalCode, stdout, stderr, json: jsonOf(stdout), ms };
  };
  return {
    pid: child.pid ?? 0,
    kill: (name) => void child.kill(name),
    end: end(),
  };
}

function jsonOf(stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}
