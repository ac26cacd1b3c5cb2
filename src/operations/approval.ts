import { type Eligibility, needsNoSecond } from '../model/eligibility.ts';
import { BackoutError } from '../model/error.ts';
import { type Plan, shortHash } from '../model/plan.ts';
import type { Assessment } from './assess.ts';

export interface Approval {
  /** From `approval.application` of the environment. */
  policy: 'never' | 'unless_green' | 'always';
  actor: string;
  approvedBy: string | undefined;
}

/** `Kim` and `kim ` are one person. */
function isSamePerson(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

/**
 * A second person agrees where the environment asks for it: always, or when the release to go back
 * to is not GREEN, unless all that is missing is an answer that no person could give either. The
 * last known good needs nobody: it is the proven way home.
 * @throws BackoutError E_APPROVAL (refused)
 */
export function requireApproval(assessment: Assessment, plan: Plan, approval: Approval): void {
  const judged = assessment.candidates.find(({ tag }) => tag === plan.to);
  const green = judged !== undefined && needsNoSecond(judged);
  const needed = approval.policy === 'always' || (approval.policy === 'unless_green' && !green);
  if (!needed) return;
  const second = approval.approvedBy?.trim() ?? '';
  if (second !== '' && !isSamePerson(second, approval.actor)) return;
  throw new BackoutError({
    code: 'E_APPROVAL',
    kind: 'refused',
    message:
      approval.policy === 'always'
        ? 'This environment asks for a second person.'
        : `${plan.to ?? 'This release'} is ${judged?.colour ?? 'not known to be GREEN'}${whyOf(judged)}: a second person has to agree.`,
    remedy:
      `Let somebody else look at \`backout plan\`, then add ` +
      `--plan ${shortHash(plan.hash)} --approved-by NAME.`,
  });
}

/** ` (it is held: …; …)`. */
function whyOf(judged: Eligibility | undefined): string {
  const reasons = judged?.reasons ?? [];
  return reasons.length === 0 ? '' : ` (${reasons.map(({ text }) => text).join('; ')})`;
}
