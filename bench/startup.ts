/**
 * How long it takes until something useful happens: the Action from the start of its process to its
 * first line, the function from the start of the import to its end, beside an empty Node process.
 * Rounds of all three in turn, so that a busy machine hits them alike.
 *
 *   npm run bench -- startup
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const action = join(root, 'actions/dist/rollback.mjs');
const lambda = join(root, 'actions/dist/on-alarm.mjs');
/** Odd, so that the median is a measured one; 11 at least. */
const ROUNDS = 15;
/** What was promised: over an empty process, in milliseconds, and in bytes. */
const PROMISED = { overEmptyMs: 150, lambdaMs: 150, lambdaBytes: 1_000_000 };

const folder = await mkdtemp(join(tmpdir(), 'backout-bench-'));
const empty: number[] = [];
const started: number[] = [];
const loaded: number[] = [];
try {
  for (let round = -1; round < ROUNDS; round += 1) {
    const one = [await timeFirstLine(['-e', 'console.log("x")'])];
    one.push(await timeFirstLine([action]));
    one.push(await timeImport());
    // The first round fills the caches of the disk.
    if (round < 0) continue;
    const [a = 0, b = 0, c = 0] = one;
    empty.push(a);
    started.push(b);
    loaded.push(c);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const over = median(started) - median(empty);
const bytes = (await stat(lambda)).size;
print([
  ['', 'median', 'best', 'worst', 'against empty', 'promised', 'verdict'],
  row('empty Node process', empty, '', true),
  row(
    'Action: first line',
    started,
    `${PROMISED.overEmptyMs} ms over empty`,
    over < PROMISED.overEmptyMs,
  ),
  row(
    'Lambda: module load',
    loaded,
    `${PROMISED.lambdaMs} ms`,
    median(loaded) <= PROMISED.lambdaMs,
  ),
]);
process.stdout.write(
  `The Action starts ${over.toFixed(0)} ms after an empty process would have.\n`,
);
process.stdout.write(`The Lambda has ${bytes} bytes of ${PROMISED.lambdaBytes}.\n`);
const isKept =
  over < PROMISED.overEmptyMs &&
  median(loaded) <= PROMISED.lambdaMs &&
  bytes <= PROMISED.lambdaBytes;
process.exitCode = isKept ? 0 : 1;

function row(name: string, times: readonly number[], promised: string, kept: boolean): string[] {
  const ratio = `${(median(times) / median(empty)).toFixed(2)} x`;
  const [best, worst] = [Math.min(...times), Math.max(...times)];
  return [name, ms(median(times)), ms(best), ms(worst), ratio, promised, kept ? 'kept' : 'BROKEN'];
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** Milliseconds from the start of a process to the first that it says. */
async function timeFirstLine(args: readonly string[]): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: folder,
    // An empty folder: the Action says what it was asked for, then that there is no backout.yml.
    env: { INPUT_LEVEL: 'application', GITHUB_ACTOR: 'bench', GITHUB_WORKSPACE: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  const took = performance.now() - from;
  child.stdout.resume();
  await ended;
  return took;
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
