import type { Observe } from '../model/progress.ts';
import type { Clock } from '../ports/clock.ts';

/** The warning comes while there is still time to do something about it. */
const WARN_AT = 0.8;

interface BudgetWatch {
  startedAt: number;
  budgetMs: number;
  record: (exceeded: boolean, text: string) => Promise<void>;
}

/**
 * The level's budget as a clock: it warns at 80 % and pages at 100 %. It never stops the work,
 * because half a rollback is worse than a slow one.
 */
export function watchBudget(
  ports: { clock: Clock; observe: Observe },
  watch: BudgetWatch,
): { stop(): void } {
  const { clock, observe } = ports;
  const stopped = new AbortController();
  const tell = async (share: number): Promise<void> => {
    await clock.sleep(
      Math.max(0, watch.startedAt + watch.budgetMs * share - clock.now()),
      stopped.signal,
    );
    const elapsed = clock.now() - watch.startedAt;
    const exceeded = share >= 1;
    observe({ type: 'budget', exceeded, elapsed_ms: elapsed, budget_ms: watch.budgetMs });
    const text = exceeded
      ? `The budget of ${watch.budgetMs / 1000} s is used up.`
      : `${Math.round(share * 100)} % of the budget of ${watch.budgetMs / 1000} s is used.`;
    // The journal's own failure is reported by the step that runs into it.
    await watch.record(exceeded, text).catch(() => undefined);
  };
  (async () => {
    await tell(WARN_AT);
    await tell(1);
  })().catch(() => undefined);
  return { stop: () => stopped.abort() };
}
