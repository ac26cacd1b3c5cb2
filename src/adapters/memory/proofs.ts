import type { JournalEntry } from '../../model/journal.ts';
import { readPlan } from '../../model/plan.ts';
import type { Proof } from '../../model/readiness.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Proofs } from '../../ports/proofs.ts';

/** Reads the proofs off a journal that is small enough to be read as a whole. */
export function memoryProofs(journal: Journal): Proofs {
  return {
    async newest(scope) {
      const incidents = await journal.incidents(scope);
      const all = await Promise.all(incidents.map(({ id }) => journal.read(scope, id)));
      const newest = new Map<string, Proof>();
      for (const proof of all.flatMap(proofsIn)) {
        const known = newest.get(`${proof.level}/${proof.by}`);
        if (known === undefined || known.at < proof.at) {
          newest.set(`${proof.level}/${proof.by}`, proof);
        }
      }
      return [...newest.values()].toSorted((a, b) => (a.at < b.at ? 1 : -1));
    },
  };
}

/** Of one incident. */
function proofsIn(entries: readonly JournalEntry[]): Proof[] {
  return entries.flatMap(({ kind, at, incident, data }): Proof[] => {
    if (kind !== 'execution-ended' || data['outcome'] !== 'done') return [];
    const started = entries.find(
      (one) => one.kind === 'execution-started' && one.data['execution'] === data['execution'],
    );
    const plan = readPlan(started?.data['plan']);
    if (plan === undefined) return [];
    const isFlagTest = plan.steps.some(({ action }) => action.kind === 'prove-flag-group');
    const level = plan.level ?? (isFlagTest ? 'flags' : undefined);
    if (level === undefined) return [];
    const took = data['within_budget_ms'];
    return [
      {
        level,
        at,
        ...(typeof took === 'number' ? { took_ms: took } : {}),
        budget_ms: plan.budget_ms,
        by: plan.level === undefined ? 'flag-test' : 'rollback',
        incident,
      },
    ];
  });
}
