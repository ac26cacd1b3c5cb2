/**
 * A small production of its own for tests of the command line: a git repository with four releases,
 * a place to deploy to (test/adapters/command/programs/place.ts), a service that answers checks and
 * follows the flags, a journal and a Redis. Commands run as a person runs them: in a process.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { connectBackout } from '../../client/index.ts';
import { connectPostgres } from '../../src/adapters/postgres/connection.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { postgresReleases } from '../../src/adapters/postgres/releases.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { daemon } from '../adapters/command/daemon.ts';
import { gitFixture, type GitFixture } from '../adapters/git/git-fixture.ts';

export const PROGRAM = fileURLToPath(new URL('../../cli/backout.ts', import.meta.url));
const PLACE = fileURLToPath(new URL('../adapters/command/programs/place.ts', import.meta.url));

/** What a command left behind: its exit code and everything it said. */
export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Folder to run in. */
  cwd?: string;
  /** Variables on top of the site's. */
  env?: Record<string, string | undefined>;
}

export interface Stores {
  databaseUrl: string;
  redisUrl: string;
}

export interface Site extends AsyncDisposable {
  service: string;
  /** The repository, with `backout.yml` in it. */
  folder: string;
  git: GitFixture;
  /** What `backout.yml` says. */
  config: string;
  env: Record<string, string | undefined>;
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  /** The same within this process, for commands that refuse. One at a time. */
  call(args: readonly string[], options?: RunOptions): Promise<Run>;
  /** What is live, as the place itself says. */
  live(): Promise<string>;
  /** Changes made at the place, one line each. */
  changes(): Promise<string[]>;
  /** Makes the deploy program fail, see the program; '' = works. */
  behave(as: string): Promise<void>;
  /** Makes the checks fail with this status. */
  answer(status: number): void;
  /** Every file of the repository's folder but git's own, with its content. */
  files(): Promise<Map<string, string>>;
}

export interface SiteOptions extends Stores {
  /** Unique among the services that share the stores. */
  service: string;
  /** Changes `backout.yml` before it is committed. */
  edit?: (config: string) => string;
  /** False: no instance of the service reports. */
  instance?: boolean;
  /** Variables that `backout.yml` names besides the stores' addresses. */
  env?: Record<string, string>;
}

/**
 * v1.0.0 is good, v1.1.0 is good (the last known good), v1.1.1 is held, v1.2.0 is live; v1.3.0 and
 * v1.0.1 exist, never deployed.
 */
export async function openSite(options: SiteOptions): Promise<Site> {
  const { service, databaseUrl, redisUrl } = options;
  await using resources = new AsyncDisposableStack();
  const git = resources.use(await gitFixture());
  const folder = git.directory;
  const place = join(dirname(folder), 'place');
  await mkdir(place);
  // A deploy program whose rollback was killed goes on until somebody ends it.
  resources.defer(async () => {
    const log = await readFile(join(place, 'log'), 'utf8').catch(() => '');
    for (const [, pid] of log.matchAll(/pid=(\d+)/g)) endIfRunning(Number(pid));
    const started = await readFile(join(place, 'pid'), 'utf8').catch(() => '');
    if (started !== '') endIfRunning(Number(started));
  });
  const health = await startHealth();
  resources.defer(() => health.stop());
  const written = writeConfig({ service, place, url: health.url });
  const config = options.edit?.(written) ?? written;
  const commits = new Map<string, string>();
  for (const tag of ['v1.0.0', 'v1.0.1', 'v1.1.0', 'v1.1.1', 'v1.2.0', 'v1.3.0']) {
    const files = { 'backout.yml': config, version: tag, '.gitignore': '.backout\npostmortems\n' };
    const commit = await git.commit(`Release ${tag}`, files);
    await git.git('tag', tag);
    await writeFile(join(place, `published-${tag}`), commit);
    commits.set(tag, commit);
  }
  const commitOf = (tag: string): string => commits.get(tag) ?? '';
  const scope = { service, environment: 'production' };
  await using postgres = connectPostgres(databaseUrl, { applicationName: 'test' });
  await migrate(postgres);
  const releases = postgresReleases(postgres);
  for (const [day, tag] of ['v1.0.0', 'v1.1.0', 'v1.1.1', 'v1.2.0'].entries()) {
    const at = new Date(Date.UTC(2026, 0, 1 + day, 9)).toISOString();
    await releases.record(scope, { tag, commit: commitOf(tag), at });
    if (tag !== 'v1.2.0') await releases.mark(scope, tag, 'good');
  }
  const hold = { reason: 'it charged twice', by: 'alice', at: '2026-01-03T12:00:00.000Z' };
  await releases.hold(scope, 'v1.1.1', hold);
  const live = join(place, 'live');
  await writeFile(live, JSON.stringify({ tag: 'v1.2.0', commit: commitOf('v1.2.0') }));
  const env = {
    ...git.env,
    TZ: 'UTC',
    JOURNAL_URL: databaseUrl,
    REDIS_URL: redisUrl,
    ...options.env,
  };
  const site: Site = {
    service,
    folder,
    git,
    config,
    env,
    run: (args, more = {}) =>
      runCommandLine(args, { cwd: more.cwd ?? folder, env: { ...env, ...more.env } }),
    call: (args, more = {}) =>
      callProgram(args, { cwd: more.cwd ?? folder, env: { ...env, ...more.env } }),
    live: async () => readFile(live, 'utf8'),
    async changes() {
      const log = await readFile(join(place, 'log'), 'utf8').catch(() => '');
      return log.split('\n').filter((line) => line.startsWith('change '));
    },
    behave: (as) => writeFile(join(place, 'behaviour'), as),
    answer: (status) => health.answer(status),
    files: () => readFiles(folder),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
  const published = await site.call(['flags', 'publish']);
  if (published.code !== 0) throw new Error(published.stderr);
  if (options.instance !== false) {
    const flagsDirectory = join(folder, '.backout', 'flags');
    const instance = { flagsDirectory, redisUrl, instance: 'web-1', release: 'v1.2.0', pollMs: 50 };
    resources.use(await connectBackout({ ...scope, ...instance }));
  }
  const kept = resources.move();
  return site;
}

/** Starts `backout` as a person does, and waits for its end. */
async function runCommandLine(
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string | undefined> },
): Promise<Run> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: child.exitCode, stdout, stderr };
}

/**
 * The same within this process, several times as fast: for commands that refuse. One at a time.
 */
export async function callProgram(
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string | undefined> },
): Promise<Run> {
  const said = { stdout: '', stderr: '' };
  const before = process.cwd();
  const take = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      said[name] += String(chunk);
      return true;
    });
  const spies = [take('stdout'), take('stderr')];
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  process.chdir(cwd);
  try {
    const code = await runProgram(args);
    return { code, ...said };
  } finally {
    process.chdir(before);
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
}

/** Variables for a command that needs no site. */
export function bareVariables(): Record<string, string | undefined> {
  const { PATH } = readEnvironment().variables;
  return { PATH, TZ: 'UTC', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
}

function endIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, as most of them have.
  }
}

async function startHealth() {
  let status = 200;
  const server = createServer((_request, response) => response.writeHead(status).end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    answer(wanted: number) {
      status = wanted;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function writeConfig({ service, place, url }: Record<'service' | 'place' | 'url', string>): string {
  const program = (...args: string[]): string =>
    JSON.stringify([process.execPath, PLACE, place, ...args]);
  return `service: ${service}
environments:
  production:
    base_url: ${url}
    state: { kind: embedded, directory: .backout }
    journal: { url: 'env:JOURNAL_URL' }
    redis: { url: 'env:REDIS_URL' }
flags:
  acknowledge_within: 5s
  groups:
    features:
      flags:
        community_enabled: { default: true, safe: false }
        notifications_enabled: { default: true, safe: false }
        page_size: { default: 50, safe: 10 }
        theme: { default: dark, leave_alone: only colours }
    rehearsal:
      flags:
        rehearsal_flag: { default: true, safe: false, canary: true }
breakers:
  watch: 2s
  providers:
    stripe: { recovery_order: 1, tags: [payment] }
    twilio_sms: { recovery_order: 2 }
rules:
  payment-failures:
    trips: ['tag:payment']
targets:
  web:
    kind: command
    preflight: ${program('preflight', '{tag}', '{commit}')}
    deploy: ${program('deploy', '{tag}', '{commit}')}
    current: ${program('current')}
caches:
  readings: { url: 'env:REDIS_URL', prefix: 'readings:' }
services:
  worker:
    kind: command
    restart: ${JSON.stringify(daemon('restart', place))}
    status: ${JSON.stringify(daemon('status', place))}
    check: health
    timeout: 10s
checks:
  health: { kind: http, url: /health }
  flags: { kind: flags-safe }
stages: { now: 0s, t+2: 500ms, t+10: 1s }
bake: { duration: 1s, every: 500ms }
lease: { ttl: 3s }
`;
}

async function readFiles(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.startsWith(join(folder, '.git/'))) continue;
    files.set(path.slice(folder.length + 1), await readFile(path, 'utf8'));
  }
  return files;
}
