/** What starting a local PostgreSQL and a local Redis have in common. */

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackoutError, describeCause } from '../../model/error.ts';
import { giveToServers, isReachable, makeThrowawayDir } from './unprivileged.ts';
import type { ServerJob, WatchedServer } from './watched-server.ts';
import { startWatched } from './watched-server.ts';

export interface StartOptions {
  /**
   * Keep the data in this directory, and use what is already in it. Without it, a new directory is
   * used and removed at the end.
   */
  dir?: string;
  /**
   * Whether acknowledged writes survive a crash of the machine. Default: true with `dir`, false
   * without: data that is thrown away need not wait for the disk.
   */
  durable?: boolean;
  onProgress?: (text: string) => void;
}

/** A server on 127.0.0.1 that ends with this process, however this process ends. */
export interface LocalServer extends AsyncDisposable {
  /** With user and password: keep it out of logs. */
  url: string;
  port: number;
  dir: string;
  /** Process id of the server itself. */
  pid: number;
  /** Ends the server and removes throwaway data. May be called again. */
  stop(): Promise<void>;
}

/** What a kind of server has to say about itself. */
export interface ServerKind {
  /** For messages: `PostgreSQL`, `Redis`. */
  name: string;
  /** Writes what the server needs into `place.dir`, and says how to run it. */
  prepare(
    place: ServerPlace,
  ): Promise<Pick<ServerJob, 'variables' | 'steps' | 'signals' | 'asOurselves'>>;
  url(place: ServerPlace): string;
  /** Resolves when the server at `place` answers and is ours; rejects otherwise, within 2 s. */
  probe(place: ServerPlace, pid: number): Promise<void>;
}

export interface ServerPlace {
  dir: string;
  port: number;
  password: string;
  durable: boolean;
}

/** A cold start on a slow laptop disk takes about 10 s, nearly all of it initdb. */
const readyLimitMs = 60_000;

/** Between two probes of a server that is not up yet. */
const probePauseMs = 15;

/** Somebody else may take the port between our finding it free and the server using it. */
const portAttempts = 5;

/** @throws {BackoutError} E_SERVICE_START with the end of the server's log */
export async function startServer(kind: ServerKind, options: StartOptions): Promise<LocalServer> {
  const durable = options.durable ?? options.dir !== undefined;
  const started = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    const dir = await openDir(kind, options.dir);
    const place = { dir, durable, port: await freePort(), password: await passwordIn(dir) };
    const job = { ...(await kind.prepare(place)), name: kind.name, dir };
    const server = await startWatched({ ...job, removeDir: options.dir === undefined });
    const failure = await waitUntilReady(kind, place, server);
    const pid = server.pid();
    if (failure === undefined && pid !== undefined) {
      options.onProgress?.(
        `${kind.name} runs on 127.0.0.1:${place.port} (started in ${Math.round(performance.now() - started)} ms).`,
      );
      const stop = (): Promise<void> => server.stop();
      const { port } = place;
      return { url: kind.url(place), port, dir, pid, stop, [Symbol.asyncDispose]: stop };
    }
    const log = await server.logTail();
    await server.stop();
    if (attempt < portAttempts && /address already in use/i.test(log)) continue;
    throw notStarted(kind, options, failure ?? 'No process id was reported.', log);
  }
}

/** @returns undefined when it is ready, else what went wrong, as a sentence. */
async function waitUntilReady(
  kind: ServerKind,
  place: ServerPlace,
  server: WatchedServer,
): Promise<string | undefined> {
  const deadline = performance.now() + readyLimitMs;
  let last = 'it was not started yet';
  while (performance.now() < deadline) {
    const ended = server.ended();
    if (ended !== undefined) return ended;
    const pid = server.pid();
    if (pid !== undefined) {
      try {
        await kind.probe(place, pid);
        return undefined;
      } catch (error) {
        last = describeCause(error);
      }
    }
    await sleep(probePauseMs);
  }
  return `It did not answer within ${readyLimitMs / 1000} s (last: ${last}).`;
}

async function openDir(kind: ServerKind, chosen: string | undefined): Promise<string> {
  if (chosen === undefined) return makeThrowawayDir(kind.name.toLowerCase());
  await mkdir(chosen, { recursive: true, mode: 0o755 });
  // The parent is what must be open: the directory itself is closed to all but the server.
  if (!(await isReachable(join(chosen, '..')))) {
    throw new BackoutError({
      code: 'E_SERVICE_DIR',
      message: `${chosen} cannot be used for ${kind.name}: as root, servers run as the account "nobody", which cannot get there.`,
      remedy: 'Choose a directory such as /var/lib/backout, or run as an ordinary user.',
      kind: 'usage',
    });
  }
  await giveToServers(chosen);
  return chosen;
}

/**
 * Other people on the machine can reach 127.0.0.1 too, and a PostgreSQL superuser can run programs
 * as us: so there is a password, made once per directory.
 */
async function passwordIn(dir: string): Promise<string> {
  const path = join(dir, 'password');
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known !== '') return known;
  const password = randomBytes(18).toString('hex');
  await writeFile(path, password, { mode: 0o600 });
  await giveToServers(path);
  return password;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port was assigned.');
  return address.port;
}

function notStarted(
  kind: ServerKind,
  options: StartOptions,
  why: string,
  log: string,
): BackoutError {
  const kept = options.dir === undefined ? '' : ` The data in ${options.dir} was left as it is.`;
  return new BackoutError({
    code: 'E_SERVICE_START',
    message: `The local ${kind.name} did not start. ${why}${log === '' ? '' : `\nIts last lines:\n${log}`}`,
    state: `It is not running.${kept}`,
    remedy: `Repair what the lines above name (often: disk full, or the directory is in use by another ${kind.name}), then try again.`,
    retryable: true,
  });
}
