import { BackoutError } from '../model/error.ts';
import type { ReleaseRef } from '../ports/target.ts';

/**
 * Somebody deployed while we were at it: HALT. Two people who each put their own version back would
 * go on for ever; which one is right is for them to find out.
 * @param what what was found, as a sentence without its full stop
 */
export function targetChanged(name: string, { tag }: ReleaseRef, what: string): BackoutError {
  return new BackoutError({
    code: 'E_TARGET_CHANGED',
    kind: 'refused',
    message: `Somebody deployed while we were about to roll ${name} back to ${tag}: ${what}.`,
    state: `Their change stands; we did not touch ${name} after it.`,
    remedy:
      'Find out who deployed and stop their pipeline. Then look with `backout assess`, and start again.',
  });
}
