/** The starting process's side of watch-server: see there for how a server is made sure to end. */

import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BackoutError } from '../../model/error.ts';
import { lastLines } from './run-program.ts';
import { serverAccount } from './unprivileged.ts';

export interface ServerJob {
  /** For messages: `PostgreSQL`, `Redis`. */
  name: string;
  /** An existing directory: working directory, log (`server.log`), data. */
  dir: string;
  /** Remove `dir`, with all that is in it, when the server has ended. */
  removeDir: boolean;
  variables: Readonly<Record<string, string>>;
  /** Programs with their arguments, run one after another; the last is the server. */
  steps: readonly (readonly string[])[];
  /** What asks the server to end; the next one follows when the previous did not help. */
  signals: readonly NodeJS.Signals[];
  /**
   * Run as ourselves even when we are root: for a program that `nobody` cannot reach, such as a
   * Python under root's home, and that has nothing to protect. Default false.
   */
  asOurselves?: boolean;
}

export interface WatchedServer {
  /** Process id of the server; undefined until it has been started. */
  pid(): number | undefined;
  /** How it ended, as a sentence; undefined while it lives. */
  ended(): string | undefined;
  /** The last lines of what the server and the steps before it printed. */
  logTail(): Promise<string>;
  /**
   * Ends the server, removes the directory if that was asked for. May be called again.
   * @throws {BackoutError} E_SERVICE_STOP, kind uncertain, when the end could not be confirmed
   */
  stop(): Promise<void>;
}

/** Three signals with 5 s each (watch-server.ts), and time to remove a directory. */
const stopLimitMs = 20_000;

/** Does not wait until the server answers; the caller knows how to ask. */
export async function startWatched(job: ServerJob): Promise<WatchedServer> {
  const log = await open(join(job.dir, 'server.log'), 'a', 0o600);
  const watcher = spawn(process.execPath, [watcherProgram(), ...watcherArguments(job)], {
    stdio: ['pipe', 'pipe', log.fd],
    // A session of its own: Ctrl-C in a terminal is for us alone, so that we can still use the
    // server while we clean up. Our end closes the pipe, and that ends the server.
    detached: true,
    env: {},
  });
  await log.close();
  // A started server must not keep this process alive: its end is what stops the server.
  watcher.unref();
  const { stdin, stdout } = watcher;
  if (stdin === null || stdout === null) throw new Error('Pipes were asked for.');
  for (const pipe of [stdin, stdout]) if (pipe instanceof Socket) pipe.unref();
  stdin.on('error', () => {}); // the watcher is gone; `exit` tells

  let pid: number | undefined;
  let ended: string | undefined;
  let watcherEnd: string | undefined;
  createInterface({ input: stdout }).on('line', (line) => {
    const [word, ...rest] = line.split(' ');
    if (word === 'started') pid = Number(rest[0]);
    if (word === 'ended') ended = describeEnd(job, Number(rest[0]), rest.slice(1).join(' '));
  });
  const gone = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      watcherEnd ??= how;
      ended ??= `${job.name} ended together with the program that watches it (${how}).`;
      resolve();
    };
    watcher.once('error', (error) => end(error.message));
    watcher.once('exit', (code, signal) => end(signal ?? `code ${code}`));
  });

  return {
    pid: () => pid,
    ended: () => ended,
    logTail: async () =>
      lastLines(await readFile(join(job.dir, 'server.log'), 'utf8').catch(() => ''), 15),
    async stop() {
      stdin.end();
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, stopLimitMs);
      await Promise.race([gone, limit.promise]);
      clearTimeout(timer);
      if (watcherEnd !== 'code 0') throw notStopped(job, pid, watcherEnd);
    },
  };
}

function watcherProgram(): string {
  const self = fileURLToPath(import.meta.url);
  // In the built package both are .js files.
  return fileURLToPath(new URL(`watch-server${extname(self)}`, import.meta.url));
}

function watcherArguments(job: ServerJob): string[] {
  const account = job.asOurselves === true ? undefined : serverAccount();
  const steps = job.steps.flatMap((step, index) => (index === 0 ? step : ['--then', ...step]));
  return [
    '--dir',
    job.dir,
    ...(job.removeDir ? ['--remove'] : []),
    ...(account === undefined ? [] : ['--uid', `${account.uid}`, '--gid', `${account.gid}`]),
    ...Object.entries(job.variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...job.signals.flatMap((signal) => ['--signal', signal]),
    '--',
    ...steps,
  ];
}

function describeEnd(job: ServerJob, step: number, how: string): string {
  const program = job.steps[step]?.[0] ?? job.name;
  return `${program} ended: ${how}.`;
}

function notStopped(
  job: ServerJob,
  pid: number | undefined,
  how: string | undefined,
): BackoutError {
  return new BackoutError({
    code: 'E_SERVICE_STOP',
    message:
      how === undefined
        ? `The local ${job.name} did not end within ${stopLimitMs / 1000} s.`
        : `The program that watches the local ${job.name} ended unexpectedly (${how}).`,
    state: `${job.name} may still be running${pid === undefined ? '' : ` as process ${pid}`}; its directory is ${job.dir}.`,
    remedy:
      pid === undefined
        ? `Look for it with: ps aux | grep ${job.dir}`
        : `Look at it with: ps -p ${pid} ; end it with: kill -QUIT ${pid}`,
    kind: 'uncertain',
  });
}
