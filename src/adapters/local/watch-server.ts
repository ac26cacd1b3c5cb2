/**
 * A program of its own: starts a server, and makes sure that it ends.
 *
 * Its standard input is a pipe from the process that wants the server. The kernel closes that pipe
 * when the process ends, in whatever way: return, exception, Ctrl-C, kill -9. So "the pipe is
 * closed" is the only signal needed, and the only one used. Exit handlers in the starting process
 * would not run in the case that matters most.
 *
 *     watch-server --dir D [--remove] [--uid U --gid G] --env N=V … --signal S …
 *         -- step [--then step] …
 *
 * A step is a program with its arguments. All but the last run to their end (initdb); the last is
 * the server. Standard output: `started PID`, then perhaps `ended STEP HOW` when a step failed or
 * the server ended by itself. What the steps print goes to our standard error, which is the log.
 * Imports nothing but Node's own modules: it must be up in milliseconds.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

/** How long each signal gets before the next, harsher one. A healthy server needs under 100 ms. */
const patienceMs = 5_000;

const { values, positionals } = parseArgs({
  options: {
    dir: { type: 'string' },
    remove: { type: 'boolean', default: false },
    uid: { type: 'string' },
    gid: { type: 'string' },
    env: { type: 'string', multiple: true, default: [] },
    signal: { type: 'string', multiple: true, default: [] },
  },
  allowPositionals: true,
});

/** Resolved when the server is no longer wanted. */
const unwanted = Promise.withResolvers<'unwanted'>();
let isUnwanted = false;

function close(): void {
  isUnwanted = true;
  unwanted.resolve('unwanted');
}

process.stdin.on('end', close).on('close', close).on('error', close).resume();
// Nobody reads our output any more when the starting process is gone; that is not a failure.
process.stdout.on('error', () => {});
// We are in a session of our own, so Ctrl-C does not reach us; a shutdown of the machine does.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, close);

await runSteps(splitSteps(positionals));
// After `ended`, wait: the starting process wants to read the log before the directory goes.
await unwanted.promise;
if (values.remove && values.dir !== undefined) {
  await rm(values.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
process.exit(0);

async function runSteps(steps: readonly (readonly string[])[]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    if (isUnwanted) return;
    const isServer = index === steps.length - 1;
    const child = start(step);
    if (isServer && child.pid !== undefined) process.stdout.write(`started ${child.pid}\n`);
    const ended = endOf(child);
    const how = await Promise.race([ended, unwanted.promise]);
    if (how === 'unwanted') return stop(child, ended);
    if (!isServer && how === 'code 0') continue;
    process.stdout.write(`ended ${index} ${how}\n`);
    return;
  }
}

function start([file = '', ...args]: readonly string[]): ChildProcess {
  return spawn(file, args, {
    stdio: ['ignore', 2, 2],
    env: Object.fromEntries(values.env.map(splitVariable)),
    ...(values.dir === undefined ? {} : { cwd: values.dir }),
    ...(values.uid === undefined ? {} : { uid: Number(values.uid) }),
    ...(values.gid === undefined ? {} : { gid: Number(values.gid) }),
  });
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  for (const signal of [...values.signal, 'SIGKILL']) {
    if (!isSignal(signal)) continue;
    child.kill(signal);
    const outcome = await Promise.race([ended, sleep(patienceMs, 'still running', { ref: false })]);
    if (outcome !== 'still running') return;
  }
}

function isSignal(name: string): name is NodeJS.Signals {
  return name in constants.signals;
}

function splitVariable(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function splitSteps(words: readonly string[]): string[][] {
  const steps: string[][] = [[]];
  for (const word of words) {
    if (word === '--then') steps.push([]);
    else steps.at(-1)?.push(word);
  }
  return steps;
}
