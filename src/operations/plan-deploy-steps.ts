/** The steps that bring a release to the targets: the same for going back and for returning. */

import type { Step } from '../model/plan.ts';
import { artefactOn } from '../model/release.ts';
import type { ReleaseRef } from '../ports/target.ts';
import type { PlanFacts, Way } from './plan-rollback.ts';
import { CHECKS_CAP_MS, slowestCheck } from './watch-bake.ts';

/** A step that has no place in the plan yet. */
export type UnplacedStep = Omit<Step, 'stage'>;

/** Gives steps their stages: those of one list run side by side, one list after the other. */
export function placeSteps(lists: readonly (readonly UnplacedStep[])[], first: number): Step[] {
  return lists
    .filter((list) => list.length > 0)
    .flatMap((list, index) => list.map((step) => ({ ...step, stage: first + index })));
}

/** Proof that the artefacts exist, everywhere, before anything is touched; then the deployments. */
export function deploySteps(
  facts: PlanFacts,
  to: ReleaseRef,
  recorded: Way['recorded'],
): UnplacedStep[][] {
  const on = (target: string) => ({ target, ...to, ...artefactOn(recorded, target) });
  const preflights = facts.targets.map(({ name, preflightMs }): UnplacedStep => ({
    id: `preflight:${name}`,
    title: `Prove that ${to.tag} can be deployed to ${name}`,
    action: { kind: 'preflight', ...on(name) },
    cap_ms: preflightMs,
    essential: true,
  }));
  const deployments = stagesOfTargets(facts).map((stage) =>
    stage.map(({ name, timeoutMs }): UnplacedStep => ({
      id: `deploy:${name}`,
      title: `Bring ${to.tag} to ${name}`,
      action: { kind: 'deploy', ...on(name) },
      cap_ms: timeoutMs,
      essential: true,
    })),
  );
  return [preflights, ...deployments];
}

type TargetFacts = PlanFacts['targets'][number];

/** In their order; those that name the same stage together. */
function stagesOfTargets({ targets }: PlanFacts): TargetFacts[][] {
  const stages: TargetFacts[][] = [];
  for (const target of targets) {
    const last = stages.at(-1);
    const joins = target.stage !== undefined && last?.[0]?.stage === target.stage;
    if (joins) last?.push(target);
    else stages.push([target]);
  }
  return stages;
}

/** The validation after a deployment, one stage of it after the other. */
export function validationSteps(facts: PlanFacts): UnplacedStep[][] {
  return validationStages(facts).map(({ name, afterMs }) => [
    {
      id: `validate:${name}`,
      title: `Validate ${name}`,
      action: {
        kind: 'validate',
        stage: name,
        after_ms: afterMs,
        every_ms: facts.bake.everyMs,
        slowest_ms: slowestCheck(facts.checksMs),
      },
      cap_ms: afterMs + Math.max(CHECKS_CAP_MS, facts.checksMs ?? 0),
      essential: true,
    },
  ]);
}

/** The configured stages; a bake that lasts longer moves the last of them to its end. */
function validationStages({ stages, bake }: PlanFacts): PlanFacts['stages'] {
  const last = stages.length - 1;
  return stages.map((stage, index) =>
    index === last ? { ...stage, afterMs: Math.max(stage.afterMs, bake.durationMs) } : stage,
  );
}
