import type { Plan, Step } from '../model/plan.ts';
import type { Observe } from '../model/progress.ts';
import type { Announcer } from './announce.ts';
import type { OperationPorts, Request } from './operation-ports.ts';

/** Wraps the observer so that every step of an execution also goes out as a message. */
export function reportProgress(
  ports: Pick<OperationPorts, 'clock' | 'observe'>,
  news: Announcer,
  { id, plan, request }: { id: string; plan: Plan; request: Request },
): Observe {
  const startedAt = ports.clock.now();
  const of = plan.steps.length;
  let current: Step | undefined;
  const about = () => ({
    reason: request.reason,
    by: request.actor,
    level: plan.level,
    ...(plan.from === undefined ? {} : { from: plan.from }),
    ...(plan.to === undefined ? {} : { to: plan.to }),
    ...(plan.undoes === undefined ? {} : { returning: true }),
    eta_s: secondsLeft(plan, ports.clock.now() - startedAt),
  });
  const where = (step: Step) => {
    const index = plan.steps.indexOf(step);
    // What runs side by side with it is not what comes after it.
    const next = plan.steps.find(({ stage }) => stage > step.stage)?.title;
    return { number: index + 1, of, now: step.title, ...(next === undefined ? {} : { next }) };
  };
  return (event) => {
    ports.observe(event);
    switch (event.type) {
      case 'execution-started':
        news.say('rollback-started', `${id}/started`, about());
        break;
      case 'step-started':
        current = event.step;
        news.say('progress', `${id}/progress/${event.step.id}`, {
          ...about(),
          step: where(event.step),
        });
        break;
      case 'budget':
        news.say(
          event.exceeded ? 'budget-exceeded' : 'budget-warning',
          `${id}/budget/${String(event.exceeded)}`,
          { ...about(), ...(current === undefined ? {} : { step: where(current) }) },
        );
        break;
      case 'step-intended':
      case 'step-applied':
      case 'step-ended':
      case 'note':
      case 'execution-ended':
        break;
      default:
        event satisfies never;
    }
  };
}

/** The level's budget for the work, then the last stage of the validation after it. */
export function secondsLeft(plan: Plan, elapsedMs: number): number {
  const watching = plan.steps.map(({ action }) =>
    action.kind === 'validate' ? action.after_ms : 0,
  );
  return Math.max(0, plan.budget_ms + Math.max(0, ...watching) - elapsedMs) / 1000;
}
