import { describe, expect, it } from 'vitest';
import { foldStage, type Measurement } from '../../src/model/check.ts';
import { type Verdict, VERDICTS, worstVerdict } from '../../src/model/verdict.ts';

describe('the worst of verdicts', () => {
  it.each<[Verdict[], Verdict]>([
    [[], 'inconclusive'],
    [['passed'], 'passed'],
    [['passed', 'passed'], 'passed'],
    [['passed', 'inconclusive'], 'inconclusive'],
    [['inconclusive', 'error', 'passed'], 'error'],
    [['error', 'failed'], 'failed'],
    [['failed', 'error', 'inconclusive', 'passed'], 'failed'],
  ])('of %j is %s', (verdicts, worst) => {
    expect(worstVerdict(verdicts)).toBe(worst);
  });

  it('is passed only when all are, in whatever order', () => {
    for (const a of VERDICTS) {
      for (const b of VERDICTS) {
        expect(worstVerdict([a, b])).toBe(worstVerdict([b, a]));
        expect(worstVerdict([a, b]) === 'passed').toBe(a === 'passed' && b === 'passed');
      }
    }
  });

  it('folds a stage, and one without any measurement is not healthy', () => {
    const measurement: Measurement = {
      check: 'health',
      verdict: 'error',
      reason: 'No answer.',
      duration_ms: 5,
      at: '2025-01-12T03:00:00.000Z',
    };
    const stage = foldStage('now', [{ ...measurement, verdict: 'passed' }, measurement]);
    expect(stage).toMatchObject({ stage: 'now', verdict: 'error' });
    expect(foldStage('t+2', [])).toEqual({
      stage: 't+2',
      verdict: 'inconclusive',
      measurements: [],
    });
  });
});
