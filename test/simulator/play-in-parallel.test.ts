import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive, until } from '../support/until.ts';
import { playInParallel, type ParallelOptions } from './play-in-parallel.ts';

const program = fileURLToPath(new URL('./programs/scripted-worker.ts', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backout-parallel-'));
});
afterEach(async () => {
  // Whatever the outcome: no worker outlives it.
  await until('every worker has ended', async () => {
    const alive = await Promise.all((await workers()).map(isAlive));
    return !alive.includes(true);
  });
  await rm(folder, { recursive: true, force: true });
});

/** Plays the seeds 1 to 100 with workers that do what the script says at a seed. */
function play(script: Record<number, string>, options: Partial<ParallelOptions> = {}) {
  return playInParallel({
    program,
    args: [folder, JSON.stringify(script)],
    from: 1,
    count: 100,
    keepGoing: false,
    jobs: 2,
    onProgress: () => writeFileSync(join(folder, 'answered'), ''),
    signal: new AbortController().signal,
    ...options,
  });
}

async function workers(): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => (name.startsWith('worker-') ? [Number(name.slice(7))] : []));
}

const sumTo = (seed: number): number => (seed * (seed + 1)) / 2;

describe('Seeds played by several processes', () => {
  test.each([1, 2, 3])('are each played once, by %i.', async (jobs) => {
    const progress: number[] = [];
    const report = await play({}, { jobs, onProgress: (seeds) => progress.push(seeds) });
    expect(report).toMatchObject({ seeds: 100, events: sumTo(100), violations: [] });
    expect(await workers()).toHaveLength(jobs);
    expect(progress.at(-1)).toBe(100);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  });

  test('end with the lowest seed that violates something, also if it is the last to answer.', async () => {
    // Both are being played at the same time: the blocks have 13 seeds.
    const report = await play({ 3: 'violate-late', 20: 'violate' });
    const violations = [{ seed: 3, rule: 'I1', text: 'seed 3' }];
    // And what was played of higher seeds does not count.
    expect(report).toMatchObject({ seeds: 3, events: sumTo(3), violations });
  });

  test('do not wait for higher seeds once one has violated something.', async () => {
    const report = await play({ 3: 'violate', 20: 'hang' });
    expect(report).toMatchObject({ seeds: 3, violations: [{ seed: 3 }] });
  });

  test('are all played when it is to keep going, and told in order.', async () => {
    const script = { 3: 'violate-late', 20: 'violate', 90: 'violate' };
    const { seeds, violations } = await play(script, { keepGoing: true });
    expect(seeds).toBe(100);
    expect(violations.map(({ seed }) => seed)).toEqual([3, 20, 90]);
  });

  test.each([
    ['is killed', 'die', 'SIGKILL'],
    ['ends as if it were done', 'leave', 'exit code 0'],
    ['answers nonsense', 'talk-nonsense', 'violations'],
    ['leaves seeds out', 'play-less', 'only 6 of them'],
  ])('are not called well when a worker %s.', async (_how, deed, why) => {
    await expect(play({ 45: deed })).rejects.toThrow(
      new RegExp(`The seeds 40 to 52 are not known: [^]*${why}`),
    );
  });

  test('are given up when somebody stops it.', async () => {
    const abort = new AbortController();
    const report = play({ 1: 'hang', 14: 'hang' }, { signal: abort.signal });
    const stop = async (): Promise<void> => {
      await until('both workers are there', async () => (await workers()).length === 2);
      abort.abort(new Error('enough'));
    };
    await Promise.all([stop(), expect(report).rejects.toThrow('enough')]);
  });
});

test('Ctrl-C ends the simulator with all its processes, and proves nothing.', async () => {
  const script = resolve(import.meta.dirname, '../../scripts/simulate.ts');
  const child = spawn(process.execPath, [script, '--seeds', '100000', '--jobs', '2'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = text(child.stdout);
  let progress = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    progress += part;
  });
  await until('seeds are played', () => progress.includes(' of 100000 seeds'), 60_000);
  child.kill('SIGINT');
  // Not "exit": that its pipes are closed means that none of its processes holds them any more.
  await once(child, 'close');
  expect(child.exitCode).toBe(2);
  expect(progress).toContain('nothing is proven');
  expect(await said).toBe('');
}, 90_000);
