import { targetResource } from '../model/lease.ts';
import { type Plan, sealPlan } from '../model/plan.ts';
import { deploySteps, placeSteps, validationSteps } from './plan-deploy-steps.ts';
import { CAP_MS, type PlanFacts, recordStep, type Way } from './plan-rollback.ts';

/**
 * The return from a rollback that did not help: the release that it left goes live again, and only
 * when that is read back its hold ends. What is left is a good release, and is not held. Flags and
 * breakers are not touched: what is off stays off until a named person lifts it.
 */
export function planReturn(
  facts: PlanFacts,
  { from, parts, to, recorded }: Way,
  undoes: NonNullable<Plan['undoes']>,
): Plan {
  const lists = [
    ...deploySteps(facts, to, recorded),
    [recordStep(to)],
    [
      {
        id: 'end-hold',
        title: `End the hold of ${to.tag}`,
        action: { kind: 'end-hold' as const, ...to },
        cap_ms: CAP_MS.record,
        essential: false,
      },
    ],
    ...validationSteps(facts),
  ];
  return sealPlan({
    service: facts.service,
    environment: facts.environment,
    level: 'application',
    ...(from === undefined ? {} : { from: from.tag }),
    ...(parts === undefined ? {} : { from_parts: parts }),
    to: to.tag,
    undoes,
    config_hash: facts.configHash,
    budget_ms: facts.budgetsMs.application,
    budget_ends_with: `validate:${facts.stages[0]?.name ?? 'now'}`,
    resources: facts.targets.map(({ name }) => targetResource(facts, name)),
    steps: placeSteps(lists, 1),
  });
}
