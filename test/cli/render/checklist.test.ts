import { expect, test } from 'vitest';
import { renderChecklist, renderRound } from '../../../cli/render/checklist.ts';
import { foldStage, type Measurement } from '../../../src/model/check.ts';
import { VERDICTS, type Verdict } from '../../../src/model/verdict.ts';

const measured = (verdict: Verdict): Measurement => ({
  check: `check-${verdict}`,
  verdict,
  reason: `It is ${verdict}.`,
  duration_ms: 1234,
  at: '2025-01-12T03:00:00.000Z',
});

test('Every check has a line with its sign, its time and its reason; the last line folds them.', () => {
  const text = renderChecklist(foldStage('t+2', VERDICTS.map(measured)), { safeState: true });
  const lines = text.split('\n');
  expect(lines[0]).toBe('Validation t+2, while the safe state is on');
  expect(lines[1]).toMatch(/^ {2}PASS +check-passed +1\.23 s +It is passed\.$/);
  expect(lines.slice(1, 5).map((line) => line.trim().split(' ')[0])).toEqual([
    'PASS',
    'INCONCLUSIVE',
    'ERROR',
    'FAIL',
  ]);
  expect(lines.at(-1)).toMatch(/^FAIL: 4 checks/);
});

test.each(['inconclusive', 'error'] as const)('%s is called neither good nor bad.', (verdict) => {
  const text = renderChecklist(foldStage('now', [measured(verdict)]), { safeState: false });
  expect(text).toContain('neither good nor bad');
});

test('No check at all is not a pass.', () => {
  const text = renderChecklist(foldStage('now', []), { safeState: false });
  expect(text).toContain('no check is configured');
  expect(text).toContain('INCONCLUSIVE: 0 checks');
});

test('A round says how much is left, and its worst answer.', () => {
  const result = foldStage('now', [measured('error'), measured('failed')]);
  const line = renderRound({ number: 12, result, leftMs: 250_000, seenAt: 0, safeState: false });
  expect(line).toBe('FAIL · round 12 · 4 min 10 s left · check-failed: It is failed.');
});
