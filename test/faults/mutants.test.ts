import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeText, readSource } from '../simulator/programs/load-hooks.ts';
import type { SeedReport } from '../simulator/seed-report.ts';
import { MUTANTS } from './mutants/list.ts';
import { simulate } from './run-simulator.ts';

/** The clean tree passes at least as many: test/simulator/simulator.test.ts. */
const MOST_SEEDS = 1_000;
/** Each is a process of its own, and the machine has two cores. */
const AT_ONCE = 2;

const reports = new Map<string, Promise<SeedReport>>();
const table: string[] = [];

beforeAll(() => {
  let free = Promise.resolve();
  const slots = Array.from({ length: AT_ONCE }, () => free);
  for (const [index, { name }] of MUTANTS.entries()) {
    const slot = index % AT_ONCE;
    const report = (slots[slot] ?? free).then(() =>
      simulate('--mutant', name, '--seeds', String(MOST_SEEDS), '--jobs', '1'),
    );
    reports.set(name, report);
    free = report.then(
      () => undefined,
      () => undefined,
    );
    slots[slot] = free;
  }
});

afterAll(() => {
  console.log(`Seeds that each planted bug needed:\n${table.join('\n')}`);
});

describe('A planted bug', () => {
  test.each(MUTANTS)('$name fits its file exactly once.', (mutant) => {
    const text = readSource(mutant);
    expect(changeText(mutant, text)).not.toBe(text);
  });

  test.each(MUTANTS)('$name is found by the simulator.', { timeout: 120_000 }, async (mutant) => {
    const report = await reports.get(mutant.name);
    const [found] = report?.violations ?? [];
    expect(mutant.breaks).toContain(found?.rule);
    table.push(
      `  ${mutant.name.padEnd(34)} ${String(report?.seeds ?? 0).padStart(5)}  ${found?.rule ?? ''}`,
    );
  });
});
