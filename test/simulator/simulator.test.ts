import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { simulate } from '../faults/run-simulator.ts';

const program = fileURLToPath(new URL('./programs/simulate.ts', import.meta.url));

async function story(seed: number): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, '--seed', String(seed)],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

describe('The simulator', () => {
  test('plays 1,000 nights without an invariant broken.', { timeout: 120_000 }, async () => {
    const { seeds, events, violations } = await simulate('--seeds', '1000', '--jobs', '2');
    expect(violations).toEqual([]);
    expect(seeds).toBe(1_000);
    // A night in which next to nothing happens proves next to nothing.
    expect(events / seeds).toBeGreaterThan(300);
  });

  test('tells the same story of the same seed, to the byte.', { timeout: 60_000 }, async () => {
    for (const seed of [3, 8]) {
      const [once, again] = await Promise.all([story(seed), story(seed)]);
      expect(again).toBe(once);
      expect(once.split('\n').length).toBeGreaterThan(50);
    }
  });

  test('finds the same in one process and in several.', { timeout: 60_000 }, async () => {
    const options = ['--mutant', 'fence-not-checked', '--seeds', '200'];
    const [one, three] = await Promise.all(
      ['1', '3'].map((jobs) => simulate(...options, '--jobs', jobs)),
    );
    expect({ ...three, seconds: 0 }).toEqual({ ...one, seconds: 0 });
    expect(one?.violations).toHaveLength(1);
  });

  test('tells different stories of different seeds.', async () => {
    const [one, other] = await Promise.all([story(4), story(5)]);
    expect(other).not.toBe(one);
  });
});
