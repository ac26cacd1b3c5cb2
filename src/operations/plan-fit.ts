/** Whether a plan that was begun still fits what is live. Pure. */

import { describeOther, runsRelease, type Said } from '../model/live.ts';
import type { Plan } from '../model/plan.ts';
import { heldBy, type Release } from '../model/release.ts';
import { broughtBy } from './last-move.ts';
import type { LivePart } from './live-state.ts';

/** Why a plan no longer fits. `unread`: a target does not say what is live. */
export interface Misfit {
  kind: 'changed' | 'unread';
  why: string;
}

/**
 * Why a plan no longer fits, or undefined when it does. It may have lain for days: what is live
 * must be one of its two ends. Anything else went live after it, and an older plan never overwrites
 * a newer state.
 * @param unknown what it means when a target does not say what is live
 */
export function misfitOf(
  plan: Plan,
  { targets, releases }: { targets: readonly LivePart[]; releases: readonly Release[] },
  unknown: 'fits' | 'misfit',
): Misfit | undefined {
  // Each by itself: when they differ, one of them may be on its way and another on something newer.
  for (const { name, live } of targets) {
    if (!live.known) {
      // Not known when the plan was made either: somebody decided to go on without knowing it.
      if (unknown === 'fits' || !wasKnown(plan, name)) continue;
      const why = `${name} does not say what is live (${live.problem}): something newer may be.`;
      return { kind: 'unread', why };
    }
    if (!isEndOf(plan, name, live)) {
      const what = plan.undoes === undefined ? 'rollback' : 'return';
      const ends = [plan.from, plan.to].find((tag) => tag === live.tag);
      const said = ends === undefined ? live.tag : describeOther(live, live);
      const why = `${said} went live on ${name} after this ${what} was planned.`;
      return { kind: 'changed', why };
    }
  }
  // A return goes to what is held on purpose.
  if (plan.undoes !== undefined || plan.to === undefined) return undefined;
  const bad = heldBy(releases, broughtBy(plan) ?? { tag: plan.to });
  if (bad === undefined) return undefined;
  const same = bad.tag === plan.to ? '' : ` It is the same commit as ${bad.tag}.`;
  const why = `${plan.to} must not be deployed any more: ${bad.hold?.reason ?? 'it is bad'}.${same}`;
  return { kind: 'changed', why };
}

function wasKnown({ from, from_parts: parts }: Plan, target: string): boolean {
  return parts === undefined ? from !== undefined : Object.hasOwn(parts, target);
}

/** Whether this may be live on a target while the plan is under way. */
function isEndOf(plan: Plan, target: string, live: Said): boolean {
  const named = plan.steps.flatMap(({ action }) =>
    (action.kind === 'deploy' && action.target === target) || action.kind === 'hold-release'
      ? [action]
      : [],
  );
  // A program that knows nothing but commits says one in place of the tag.
  if (named.some((release) => runsRelease(live, release))) return true;
  const ends = endsOn(plan, target);
  if (ends.includes(describeOther(live, live))) return true;
  // With another commit than the one that was meant, the same tag is another release.
  return ends.includes(live.tag) && !named.some(({ tag }) => tag === live.tag);
}

function endsOn({ from, to, from_parts: parts }: Plan, target: string): (string | undefined)[] {
  if (parts === undefined) return [from, to];
  // One that did not say what it runs: most probably what the others ran.
  return Object.hasOwn(parts, target) ? [parts[target], to] : [...Object.values(parts), from, to];
}
