/**
 * Four outcomes, never two. `failed` means measured and bad; `error` means the check itself could
 * not do its work; `inconclusive` means it worked but there was not enough to judge by.
 */
export const VERDICTS = ['passed', 'inconclusive', 'error', 'failed'] as const;

export type Verdict = (typeof VERDICTS)[number];

/**
 * Worst-of, in the order of {@link VERDICTS}. `failed` outranks `error` because it is knowledge:
 * one check that proves the service broken is not softened by another that could not run.
 * Nothing measured is `inconclusive`: silence is not health.
 */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return 'inconclusive';
  const worst = Math.max(...verdicts.map((verdict) => VERDICTS.indexOf(verdict)));
  return VERDICTS[worst] ?? 'error';
}
