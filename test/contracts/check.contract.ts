import { describe, expect, it } from 'vitest';
import { VERDICTS } from '../../src/model/verdict.ts';
import type { Check } from '../../src/ports/checks.ts';

export interface CheckFixture extends AsyncDisposable {
  /** What it asks is well. */
  well: Check;
  /** What it asks is measurably not as it should be. */
  ill: Check;
  /** What it asks cannot be reached, or does not answer. */
  unreachable: Check;
  /** In which context the three are asked. */
  safeState: boolean;
  /** Does not apply in the safe state it is asked in. */
  skipped: { check: Check; safeState: boolean };
}

/** What every Check does, run on each of them. */
export function checkContract(name: string, make: () => Promise<CheckFixture>): void {
  describe(`Check: ${name}`, () => {
    it.each([
      ['well', 'passed'],
      ['ill', 'failed'],
      ['unreachable', 'error'],
    ] as const)('answers %s with %s', async (health, verdict) => {
      await using fixture = await make();
      const check = fixture[health];
      const { signal } = new AbortController();
      const measurement = await check.run({ safeState: fixture.safeState, signal });
      expect(measurement).toMatchObject({ check: check.name, verdict });
      expect(VERDICTS).toContain(measurement?.verdict);
      expect(measurement?.reason).toMatch(/.\.$/);
      expect(measurement?.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(measurement?.duration_ms).toBeGreaterThanOrEqual(0);
    });

    it('is asked again each time', async () => {
      await using fixture = await make();
      const { signal } = new AbortController();
      const context = { safeState: fixture.safeState, signal };
      expect(await fixture.well.run(context)).toMatchObject({ verdict: 'passed' });
      expect(await fixture.well.run(context)).toMatchObject({ verdict: 'passed' });
    });

    it('does not answer where it does not apply', async () => {
      await using fixture = await make();
      const { check, safeState } = fixture.skipped;
      expect(await check.run({ safeState, signal: new AbortController().signal })).toBeUndefined();
    });
  });
}
