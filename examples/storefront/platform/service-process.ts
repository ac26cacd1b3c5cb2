import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Artifact } from './artifact.ts';
import { DeployError } from './deploy-error.ts';
import { countOf } from './json.ts';

/** One running copy of a release. */
export interface ServiceProcess {
  tag: string;
  commit: string;
  pid: number;
  port: number;
  /** Connections to it, kept open between requests. */
  agent: Agent;
  /** Requests it is working on. The front counts them. */
  inFlight: number;
  isAlive(): boolean;
  /** Waits until nothing is in flight, at most 5 s, then ends the process and returns when it is gone. */
  drainAndStop(): Promise<void>;
}

export interface StartOptions {
  directory: string;
  artifact: Artifact;
  env: Record<string, string>;
  /** File descriptor that takes what the service prints. */
  log: number;
  /** Aborted when nobody wants the release any more. */
  signal: AbortSignal;
}

const START_LIMIT_MS = 10_000;
const HEALTH_LIMIT_MS = 10_000;
const HEALTH_REQUEST_MS = 1500;
const DRAIN_LIMIT_MS = 5000;
const STOP_LIMIT_MS = 2500;
/** Releases run with the same kind of files as this one: sources, or what was compiled from them. */
const ENTRY = join('service', `main${extname(import.meta.filename)}`);

/**
 * Starts a release and waits until it has answered `/health` once with 200.
 * @throws {DeployError} `failed` when it ends by itself, `temporary` when it does not get ready in
 * time or is not wanted any more. No process is left behind.
 */
export async function startService(options: StartOptions): Promise<ServiceProcess> {
  const { artifact, directory, env, log } = options;
  const child = spawn(process.execPath, [join(directory, ENTRY)], {
    cwd: directory,
    env,
    // The fourth is a channel: it tells us the port, and its end tells the child that we are gone.
    stdio: ['ignore', log, log, 'ipc'],
  });
  try {
    const port = await untilListening(child, options.signal);
    await untilHealthy(child, port, options.signal);
    return describeProcess(child, port, artifact);
  } catch (error) {
    await stop(child);
    if (error instanceof DeployError) throw error;
    const why = options.signal.aborted ? 'the call was given up' : 'it was not ready in time';
    throw new DeployError('temporary', `${artifact.tag} was not started: ${why}`, { cause: error });
  }
}

async function untilListening(child: ChildProcess, outer: AbortSignal): Promise<number> {
  const ended = new AbortController();
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  const signal = AbortSignal.any([outer, limit, ended.signal]);
  child.once('exit', () => ended.abort());
  child.once('error', () => ended.abort());
  try {
    const messages: unknown[] = await once(child, 'message', { signal });
    return countOf(messages[0], 'port');
  } catch (error) {
    if (ended.signal.aborted) throw ownEnd(error);
    throw error;
  }
}

async function untilHealthy(child: ChildProcess, port: number, outer: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(HEALTH_LIMIT_MS)]);
  while (!(await isHealthy(port, signal))) {
    if (hasEnded(child)) throw ownEnd();
    await sleep(100, undefined, { signal });
  }
}

async function isHealthy(port: number, outer: AbortSignal): Promise<boolean> {
  try {
    const signal = AbortSignal.any([outer, AbortSignal.timeout(HEALTH_REQUEST_MS)]);
    const response = await fetch(`http://127.0.0.1:${port}/health`, { signal });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    outer.throwIfAborted();
    return false;
  }
}

function describeProcess(child: ChildProcess, port: number, artifact: Artifact): ServiceProcess {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  const service: ServiceProcess = {
    tag: artifact.tag,
    commit: artifact.commit,
    pid: child.pid ?? 0,
    port,
    agent,
    inFlight: 0,
    isAlive: () => !hasEnded(child),
    async drainAndStop() {
      const giveUpAt = performance.now() + DRAIN_LIMIT_MS;
      while (service.inFlight > 0 && service.isAlive() && performance.now() < giveUpAt) {
        await sleep(20);
      }
      agent.destroy();
      await stop(child);
    },
  };
  return service;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await gone;
  clearTimeout(insist);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function ownEnd(cause?: unknown): DeployError {
  return new DeployError(
    'failed',
    'the new release ended while it was starting: see service.log in the state folder',
    { cause },
  );
}
