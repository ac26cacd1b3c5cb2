import { checkStep } from './check-steps.ts';
import type { ManualFacts, ManualPlan } from './facts.ts';
import { type Again, afterwardsSteps, peopleSteps } from './people-steps.ts';
import { releaseSteps } from './release-steps.ts';
import { safeSteps } from './safe-steps.ts';

/**
 * The steps of a rollback for a person with a shell, when nothing of Backout can be used. Pure: the
 * same facts give the same text. No secret is in it: where a value is one, its variable is named.
 * @param again adds the options that further commands of Backout need too
 */
export function manualPlan(facts: ManualFacts, again: Again): ManualPlan {
  const { service, environment, level, incident, at, live, release, unknown } = facts;
  return {
    service,
    environment,
    level,
    incident,
    at,
    ...(live === undefined ? {} : { live }),
    ...(release === undefined ? {} : { release }),
    unknown: [...unknown],
    steps: [
      ...safeSteps(facts),
      ...releaseSteps(facts),
      checkStep(facts),
      ...peopleSteps(facts),
      ...afterwardsSteps(facts, again),
    ],
  };
}
