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
 * to was never proven good. The last known good needs nobody: it is the proven way home.
 * @throws BackoutError E_APPROVAL (refused)
 */
export function requireApproval(assessment: Assessment, plan: Plan, approval: Approval): void {
  const proven = assessment.releases.some(
    ({ tag, status }) => tag === plan.to && status === 'good',
  );
  const needed = approval.policy === 'always' || (approval.policy === 'unless_green' && !proven);
  if (!needed) return;
  const second = approval.approvedBy?.trim() ?? '';
  if (second !== '' && !isSamePerson(second, approval.actor)) return;
  throw new BackoutError({
    code: 'E_APPROVAL',
    kind: 'refused',
    message:
      approval.policy === 'always'
        ? 'This environment asks for a second person.'
        : `${plan.to ?? 'This release'} was never proven good: a second person has to agree.`,
    remedy:
      `Let somebody else look at \`backout plan\`, then add ` +
      `--plan ${shortHash(plan.hash)} --approved-by NAME.`,
  });
}
