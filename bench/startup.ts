/**
 * How long it takes until something useful happens: the Action from the start of its process to the
 * line that says what it is going to do to which service, the function from the start of the import
 * to its end, beside an empty Node process. Rounds of all in turn, so that a busy machine hits them
 * alike. The Action runs as it does on a runner, in a git repository with a published backout.yml.
 *
 *   npm run bench -- startup
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const action = join(root, 'actions/dist/rollback.mjs');
const lambda = join(root, 'actions/dist/on-alarm.mjs');
/** Odd, so that the median is a measured one; 11 at least. */
const ROUNDS = 15;
/** What was promised: over an empty process, in milliseconds, and in bytes. */
const PROMISED = { overEmptyMs: 150, lambdaMs: 150, lambdaBytes: 1_000_000 };

/** What the Action says, in this order: the start of the lines that count. */
const LINES = [
  // The inputs are read and good.
  'Backout: level application',
  // The configuration that counts is found, read and checked, and the environment is known.
  'storefront in laptop: make safe, then go back to the last known good release',
  // Everything is loaded; it ends here, because an address that backout.yml names is not set.
  '::error title=E_SECRET_MISSING::',
];

interface Times {
  empty: number;
  first: number;
  useful: number;
  loaded: number;
  lambda: number;
}

const folder = await mkdtemp(join(tmpdir(), 'backout-bench-'));
const rounds: Times[] = [];
try {
  await publishSample();
  for (let round = -1; round < ROUNDS; round += 1) {
    const [empty = Number.NaN] = await timeLines(['-e', 'console.log("x")'], ['x']);
    const [first = Number.NaN, useful = Number.NaN, loaded = Number.NaN] = await timeLines(
      [action],
      LINES,
    );
    const lambdaLoad = await timeImport();
    // The first round fills the caches of the disk.
    if (round >= 0) rounds.push({ empty, first, useful, loaded, lambda: lambdaLoad });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const overEmpty = (what: keyof Times): number => median(of(what)) - median(of('empty'));
const bytes = (await stat(lambda)).size;
const { overEmptyMs, lambdaMs, lambdaBytes } = PROMISED;
const isKept = {
  useful: overEmpty('useful') < overEmptyMs,
  lambda: median(of('lambda')) <= lambdaMs,
  bytes: bytes <= lambdaBytes,
};
print([
  ['', 'median', 'best', 'worst', 'over empty', 'promised', 'verdict'],
  row('empty Node process', 'empty'),
  row('Action: inputs read', 'first'),
  row('Action: says what it will do', 'useful', `${overEmptyMs} ms over empty`, isKept.useful),
  row('Action: everything loaded', 'loaded'),
  row('Lambda: module load', 'lambda', `${lambdaMs} ms`, isKept.lambda),
]);
process.stdout.write(`The Lambda has ${bytes} bytes of ${lambdaBytes}.\n`);
process.exitCode = Object.values(isKept).every(Boolean) ? 0 : 1;

function of(what: keyof Times): number[] {
  return rounds.map((times) => times[what]);
}

function row(name: string, what: keyof Times, promised = '', kept?: boolean): string[] {
  const times = of(what);
  const verdict = kept === undefined ? '' : kept ? 'kept' : 'BROKEN';
  // The import is timed inside a process that has already started.
  const over = what === 'lambda' ? '' : ms(overEmpty(what));
  const [best, worst] = [Math.min(...times), Math.max(...times)];
  return [name, ms(median(times)), ms(best), ms(worst), over, promised, verdict];
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** The repository of the sample, with its backout.yml on the default branch. */
async function publishSample(): Promise<void> {
  await copyFile(join(root, 'backout.yml'), join(folder, 'backout.yml'));
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost'];
  for (const args of [
    ['init', '--quiet', '--initial-branch=main'],
    ['add', '.'],
    [...identity, 'commit', '--quiet', '--message=bench'],
  ]) {
    execFileSync('git', args, { cwd: folder });
  }
}

/**
 * Milliseconds from the start of a process to each of the lines.
 * @throws Error when one did not come: a fast start to something else is no start
 */
async function timeLines(args: readonly string[], lines: readonly string[]): Promise<number[]> {
  const from = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      INPUT_LEVEL: 'application',
      GITHUB_ACTOR: 'bench',
      GITHUB_WORKSPACE: folder,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: { at: number; line: string }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push({ at: performance.now() - from, line });
  });
  await once(child, 'close');
  return lines.map((start) => {
    const found = said.find(({ line }) => line.startsWith(start));
    if (found !== undefined) return found.at;
    throw new Error(
      `Nothing began with "${start}" in:\n${said.map(({ line }) => line).join('\n')}`,
    );
  });
}

/** Milliseconds that importing the function takes, as its own process measures it. */
async function timeImport(): Promise<number> {
  const code = `const from = performance.now();
    await import(${JSON.stringify(pathToFileURL(lambda).href)});
    console.log(performance.now() - from); process.exit();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: folder,
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return Number(await text(child.stdout));
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)));
  for (const cells of rows) {
    const line = cells.map((cell, at) => cell.padEnd(widths?.[at] ?? 0)).join('  ');
    process.stdout.write(`${line.trimEnd()}\n`);
  }
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
