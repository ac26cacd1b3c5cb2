import { type Plan, readPlan } from '../../../src/model/plan.ts';
import type { Process } from '../process.ts';
import type { View, World } from '../world.ts';
import type { Complain, Watch } from './invariant.ts';

/**
 * I19: a return touches neither flags nor breakers. A hold ends only by a return, only of the release
 * that this return brings, only when the journal has all its deployments as done, and only the hold
 * that was there when this was asked for.
 */
export function returnsAreHarmless(world: World, complain: Complain): Watch {
  /** What each process carries out now. */
  const plans = new Map<Process, Plan>();
  /** Deployments that were ever said to be done, by execution. */
  const deployed = new Map<string, Set<string>>();
  const executions = new Map<Process, string>();
  /** When the holds were put that a process may have seen, by process. */
  const seen = new Map<Process, Set<string | undefined>>();

  return {
    statement(process, { kind, data }) {
      const { execution, step, outcome } = data;
      if (typeof execution !== 'string') return;
      const plan = kind === 'execution-started' ? readPlan(data['plan']) : undefined;
      if (plan !== undefined) {
        plans.set(process, plan);
        executions.set(process, execution);
      }
      if (kind === 'execution-ended') plans.delete(process);
      if (kind !== 'outcome' || outcome !== 'done' || typeof step !== 'string') return;
      deployed.set(execution, (deployed.get(execution) ?? new Set()).add(step));
    },
    request(process, store, op, args) {
      const plan = plans.get(process);
      const isReturn = plan?.undoes !== undefined;
      if (isReturn && (store === 'flags' || store === 'breakers')) {
        complain('I19', `${process.name} returns and asks for ${store}.${op}.`);
      }
      if (store !== 'releases' || op !== 'hold' || args[1] !== undefined) return;
      const tag = String(args[0]);
      if (!isReturn || plan.to !== tag) {
        return complain('I19', `${process.name} ends the hold of ${tag}, and does not bring it.`);
      }
      const known = seen.get(process) ?? new Set();
      seen.set(process, known.add(heldSince(world.view, tag)));
      const proven = deployed.get(executions.get(process) ?? '');
      const open = plan.steps.filter(
        ({ id, action }) => action.kind === 'deploy' && proven?.has(id) !== true,
      );
      if (open.length > 0) {
        complain('I19', `${process.name} ends the hold of ${tag} before ${open[0]?.id} is proven.`);
      }
    },
    landed({ store, op, args, process }, before) {
      if (store !== 'releases' || op !== 'hold' || args[1] !== undefined) return;
      const tag = String(args[0]);
      const since = heldSince(before, tag);
      if (since === undefined || process === undefined) return;
      const isGone = heldSince(world.view, tag) === undefined;
      if (isGone && seen.get(process)?.has(since) !== true) {
        complain('I19', `${process.name} ended a hold of ${tag} that came after it was asked to.`);
      }
    },
  };
}

function heldSince({ releases }: View, tag: string): string | undefined {
  return releases.find((one) => one.tag === tag)?.hold?.at;
}
