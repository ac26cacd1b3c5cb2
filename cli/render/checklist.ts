import type { StageResult } from '../../src/model/check.ts';
import type { Verdict } from '../../src/model/verdict.ts';
import type { BakeRound } from '../../src/operations/watch-bake.ts';
import { table } from './text.ts';
import { formatDuration } from './time.ts';

const SIGN: Readonly<Record<Verdict, string>> = {
  passed: 'PASS',
  failed: 'FAIL',
  inconclusive: 'INCONCLUSIVE',
  error: 'ERROR',
};

/** What a verdict other than passed means for the person who reads it. */
const MEANING: Readonly<Record<Verdict, string | undefined>> = {
  passed: undefined,
  failed: 'measured, and not as it should be',
  inconclusive: 'there was not enough to judge by; this is neither good nor bad',
  error: 'a check could not do its work; this is neither good nor bad',
};

/** The checklist of a stage, or of a whole bake: a line for each check, then the folded verdict. */
export function renderChecklist(
  stage: StageResult,
  { safeState, rounds }: { safeState: boolean; rounds?: number },
): string {
  const rows = stage.measurements.map(({ check, verdict, reason, duration_ms: ms }) => [
    `  ${SIGN[verdict]}`,
    check,
    formatDuration(ms),
    reason,
  ]);
  const during = rounds === undefined ? '' : `, the worst of ${counted(rounds, 'round')}`;
  const meaning = MEANING[stage.verdict];
  return [
    `Validation ${stage.stage}${safeState ? ', while the safe state is on' : ''}${during}`,
    rows.length === 0 ? '  no check is configured for this stage' : table(rows),
    `${SIGN[stage.verdict]}: ${counted(rows.length, 'check')}${meaning === undefined ? '' : `; ${meaning}`}`,
  ].join('\n');
}

/** `PASS · round 12 · 4 min 10 s left`, with the first check that is not good. */
export function renderRound({ number, result, leftMs }: BakeRound): string {
  const bad = result.measurements.filter(({ verdict }) => verdict !== 'passed');
  const [first] = bad.toSorted(
    (a, b) => Number(b.verdict === 'failed') - Number(a.verdict === 'failed'),
  );
  const what = first === undefined ? '' : ` · ${first.check}: ${first.reason}`;
  return `${SIGN[result.verdict]} · round ${number} · ${formatDuration(leftMs)} left${what}`;
}

const counted = (count: number, what: string): string =>
  count === 1 ? `1 ${what}` : `${count} ${what}s`;
