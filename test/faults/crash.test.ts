import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CrashReport } from './crash-everywhere.ts';

const program = fileURLToPath(new URL('./programs/crash-everywhere.ts', import.meta.url));
let reports: CrashReport[] = [];

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    maxBuffer: 64 * 1024 * 1024,
  });
  reports = JSON.parse(stdout) as CrashReport[];
}, 120_000);

describe('An operation that is killed at any boundary and started again', () => {
  test('ends as if it had not been killed, with no effect twice.', () => {
    expect(
      reports.flatMap(({ operation, problems }) => problems.map((one) => [operation, one])),
    ).toEqual([]);
  });

  test('has been killed before and after everything it changes.', () => {
    expect(reports.length).toBeGreaterThanOrEqual(10);
    for (const { boundaries } of reports) expect(boundaries).toBeGreaterThanOrEqual(2);
    const all = reports.reduce((sum, { boundaries }) => sum + boundaries, 0);
    expect(all).toBeGreaterThan(500);
  });
});
