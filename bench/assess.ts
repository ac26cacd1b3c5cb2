/**
 * How long `backout assess --json` takes, as a process from start to end, in a repository with
 * 10,000 tags and 100,000 commits, with 1,000 recorded releases in a PostgreSQL of its own. Beside
 * it the floor, git alone: `git tag --sort=-v:refname` and `git describe --tags`. And the same in a
 * repository with 100 tags, to see what the size costs in time and memory. The references are packed,
 * as in a fresh clone; once they are not, as where 10,000 tags were made in the clone itself.
 *
 * Cold: the files of the clone, the program and its packages are dropped from the system's cache
 * before the run. Not dropped: Node, git and the database, which run on such a machine already.
 *
 *   npm run bench -- assess
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { gitRepository } from '../src/adapters/git/repository.ts';
import { providePostgres } from '../src/adapters/local/provide-binaries.ts';
import { startPostgres } from '../src/adapters/local/postgres-server.ts';
import { connectPostgres } from '../src/adapters/postgres/connection.ts';
import { migrate } from '../src/adapters/postgres/migrate.ts';
import { postgresReleases } from '../src/adapters/postgres/releases.ts';
import { readEnvironment } from '../src/config/environment.ts';
import { dropFromCache, filesBelow } from './support/drop-cache.ts';
import {
  buildLargeRepository,
  packReferences,
  type RepositorySize,
  tagName,
} from './support/large-repository.ts';

const LARGE: RepositorySize & { releases: number } = {
  tags: 10_000,
  commits: 100_000,
  releases: 1_000,
};
const SMALL: RepositorySize & { releases: number } = { tags: 100, commits: 1_000, releases: 10 };
/** Odd, so that the median is a measured one. */
const ROUNDS = 11;
const COLD_ROUNDS = 3;
const LOOSE_ROUNDS = 3;
/** What was promised, for the whole program; memory as a multiple of that in the small one. */
const PROMISED = { warmMs: 1_000, coldMs: 3_000, memory: 1.5 };

const program = resolve(import.meta.dirname, '../cli/backout.ts');
const watch = resolve(import.meta.dirname, 'support/watch-process.ts');
const folder = await mkdtemp(join(tmpdir(), 'backout-bench-'));
const environment = readEnvironment();
const baseEnv = {
  PATH: environment.variables['PATH'],
  HOME: folder,
  GIT_CONFIG_NOSYSTEM: '1',
  TZ: 'UTC',
};

interface Repository {
  directory: string;
  env: Record<string, string | undefined>;
  /** The release that is live, and the one to go back to: the two newest are not it. */
  live: string;
  good: string;
}

interface Run {
  ms: number;
  peakBytes: number;
  modules: string[];
}

const answer = z.object({
  live: z.string(),
  knownGood: z.object({ release: z.object({ tag: z.string() }) }),
});

let kept = true;
await using resources = new AsyncDisposableStack();
resources.defer(() => rm(folder, { recursive: true, force: true }));
const server = resources.use(await startPostgres({ binaries: await providePostgres(environment) }));
say(`Building a repository with ${LARGE.tags} tags and ${LARGE.commits} commits …`);
const building = performance.now();
const large = await prepare('large', LARGE);
const small = await prepare('small', SMALL);
say(`… built in ${((performance.now() - building) / 1000).toFixed(0)} s`);

const loose: number[] = [];
for (let round = 0; round < LOOSE_ROUNDS; round += 1) loose.push((await assessOnce(large)).ms);
await packReferences(large);
const { modules } = await assessOnce(large);
const started = await countGit(large);
const empty: number[] = [];
const largeRuns: Run[] = [];
const smallRuns: Run[] = [];
const floor: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  largeRuns.push(await assessOnce(large));
  smallRuns.push(await assessOnce(small));
  floor.push(await floorOnce(large));
  empty.push((await timed(process.execPath, ['-e', '0'], folder, baseEnv)).ms);
}
const cold: number[] = [];
const coldFloor: number[] = [];
let isDropped = true;
for (let round = 0; round < COLD_ROUNDS; round += 1) {
  const clone = await filesBelow(large.directory);
  isDropped &&= await dropFromCache([...clone, ...modules]);
  cold.push((await assessOnce(large)).ms);
  await dropFromCache(clone);
  coldFloor.push(await floorOnce(large));
}
report();

function report(): void {
  const [warmMs, floorMs] = [median(largeRuns.map(({ ms }) => ms)), median(floor)];
  const small_ms = median(smallRuns.map(({ ms }) => ms));
  line('git tag --sort + git describe (floor)', floor, '1.0 x');
  line('an empty Node process', empty, ratio(median(empty), floorMs));
  line(
    'backout assess',
    largeRuns.map(({ ms }) => ms),
    ratio(warmMs, floorMs),
  );
  line(
    `the same, ${SMALL.tags} tags`,
    smallRuns.map(({ ms }) => ms),
    ratio(small_ms, floorMs),
  );
  line('the same, a file for each tag', loose, ratio(median(loose), floorMs));
  line('floor, cold', coldFloor, '1.0 x');
  line('backout assess, cold', cold, ratio(median(cold), median(coldFloor)));
  if (!isDropped) say('This system does not drop files from its cache: "cold" is warm here.');
  say(`One assessment starts git ${started} times.`);
  const [load = 0] = loadavg();
  if (load > availableParallelism()) {
    say(`The machine is busy (load ${load.toFixed(1)}): compare with the empty Node process.`);
  }
  const [peak, smallPeak] = [peakOf(largeRuns), peakOf(smallRuns)];
  const times = peak / smallPeak;
  promise(
    `warm ${(warmMs / 1000).toFixed(2)} s`,
    `under ${PROMISED.warmMs / 1000} s`,
    warmMs < PROMISED.warmMs,
  );
  promise(
    `cold ${(Math.max(...cold) / 1000).toFixed(2)} s at worst`,
    `under ${PROMISED.coldMs / 1000} s`,
    isDropped && Math.max(...cold) < PROMISED.coldMs,
  );
  promise(
    `memory ${mib(peak)}, ${mib(smallPeak)} with ${SMALL.tags} tags: ${times.toFixed(2)} x`,
    `at most ${PROMISED.memory} x`,
    times <= PROMISED.memory,
  );
  process.exitCode = kept ? 0 : 1;
}

/** A service with its history, its records, and a place where its newest release is live. */
async function prepare(name: string, size: typeof LARGE): Promise<Repository> {
  const directory = join(folder, name);
  await mkdir(directory);
  const database = 'env:JOURNAL_URL';
  const live = tagName(size.tags);
  const stateFile = join(folder, `${name}-live.json`);
  const config = `service: ${name}
environments:
  production:
    base_url: http://127.0.0.1:1
    state: { kind: embedded, directory: .backout }
    journal: { url: '${database}' }
releases:
  migrations: ['migrations/*.sql']
targets:
  web:
    kind: command
    preflight: ['true', '{tag}', '{commit}']
    deploy: ['true', '{tag}', '{commit}']
    current: ['cat', '${stateFile}']
`;
  const files: Record<string, string> = { 'backout.yml': config, '.gitignore': '.backout\n' };
  for (let number = 1; number <= 50; number += 1) {
    files[`migrations/${String(number).padStart(4, '0')}_thing.sql`] =
      `CREATE TABLE thing_${number} (id bigserial PRIMARY KEY, name text NOT NULL);\n`;
  }
  // In the newest release, so that every older one has to be judged by PostgreSQL's own parser.
  const lastFiles = { 'migrations/0051_more.sql': 'ALTER TABLE thing_1 ADD COLUMN note text;\n' };
  await buildLargeRepository({ ...size, directory, env: baseEnv, files, lastFiles });
  const { env, good } = {
    env: { ...baseEnv, JOURNAL_URL: server.url },
    good: tagName(size.tags - 3),
  };
  await recordReleases(name, directory, size);
  const tags = await openGit(directory).tags();
  const commit = tags.find((tag) => tag.name === live)?.commit;
  await writeFile(stateFile, JSON.stringify({ tag: live, commit }));
  return { directory, env, live, good };
}

/** The newest tags were deployed, and were good; two of them are held since. */
async function recordReleases(
  service: string,
  directory: string,
  { tags, releases }: typeof LARGE,
): Promise<void> {
  await using postgres = connectPostgres(server.url, { applicationName: 'bench' });
  await migrate(postgres);
  const records = postgresReleases(postgres);
  const scope = { service, environment: 'production' };
  const commits = new Map((await openGit(directory).tags()).map((tag) => [tag.name, tag.commit]));
  for (let number = tags - releases + 1; number <= tags; number += 1) {
    const tag = tagName(number);
    const at = new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString();
    await records.record(scope, { tag, commit: commits.get(tag) ?? '', at });
    if (number < tags) await records.mark(scope, tag, 'good');
    if (number === tags - 1 || number === tags - 2) {
      await records.hold(scope, tag, { reason: 'rounds amounts wrongly', by: 'bench', at });
    }
  }
}

function openGit(directory: string) {
  return gitRepository({ directory, env: baseEnv, tagPattern: 'v*', scheme: 'semver' });
}

/** @throws Error when it did not find what is there: a fast wrong answer is none */
async function assessOnce({ directory, env, live, good }: Repository): Promise<Run> {
  const reportFile = join(folder, 'report.json');
  const { ms, stdout } = await timed(
    process.execPath,
    ['--import', watch, program, 'assess', '--json'],
    directory,
    { ...env, BENCH_REPORT: reportFile },
  );
  const found = answer.parse(JSON.parse(stdout));
  if (found.live !== live || found.knownGood.release.tag !== good) {
    throw new Error(`It found ${found.live} and ${found.knownGood.release.tag}.`);
  }
  const said = z
    .object({ peakBytes: z.number(), modules: z.array(z.string()) })
    .parse(JSON.parse(await readFile(reportFile, 'utf8')));
  return { ms, peakBytes: said.peakBytes, modules: said.modules.map((url) => fileURLToPath(url)) };
}

/** How often git is started, counted by a git in front of git. */
async function countGit(repository: Repository): Promise<number> {
  const [bin, log] = [join(folder, 'bin'), join(folder, 'git.log')];
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/sh\necho "$#" >> '${log}'\nPATH="$BENCH_PATH"\nexport PATH\nexec git "$@"\n`;
  await writeFile(join(bin, 'git'), script, { mode: 0o755 });
  const path = `${bin}:${repository.env['PATH'] ?? ''}`;
  const env = { ...repository.env, PATH: path, BENCH_PATH: repository.env['PATH'] };
  await assessOnce({ ...repository, env });
  return (await readFile(log, 'utf8')).trim().split('\n').length;
}

async function floorOnce({ directory, env }: Repository): Promise<number> {
  const list = await timed('git', ['tag', '--sort=-v:refname'], directory, env);
  const described = await timed('git', ['describe', '--tags'], directory, env);
  return list.ms + described.ms;
}

/** Milliseconds from the start of a process until it has ended. */
async function timed(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Repository['env'],
): Promise<{ ms: number; stdout: string }> {
  const from = performance.now();
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (child.exitCode !== 0) throw new Error(`${command} ended with ${child.exitCode}: ${stdout}`);
  return { ms: performance.now() - from, stdout };
}

function line(name: string, times: readonly number[], times_floor: string): void {
  const range = `${Math.min(...times).toFixed(0)}–${Math.max(...times).toFixed(0)}`;
  say(`${name.padEnd(40)} ${median(times).toFixed(0).padStart(5)} ms  (${range})  ${times_floor}`);
}

function promise(measured: string, promised: string, isKept: boolean): void {
  kept &&= isKept;
  say(`${measured}; promised ${promised}: ${isKept ? 'kept' : 'BROKEN'}`);
}

function peakOf(runs: readonly Run[]): number {
  return median(runs.map(({ peakBytes }) => peakBytes));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function ratio(value: number, of: number): string {
  return `${(value / of).toFixed(1)} x`;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}

function say(text_: string): void {
  process.stdout.write(`${text_}\n`);
}
