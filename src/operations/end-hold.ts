import type { StepAction } from '../model/plan.ts';
import type { HandlerPorts } from './step-handlers.ts';
import { done, notDone, type StepHandler } from './step-handler.ts';

/**
 * Ends the hold of a release that was brought back on purpose. What was held, by whom and why, and
 * who ended it, stands in the outcome: the record of the release forgets it.
 */
export function endHold(
  { releases, scope }: Pick<HandlerPorts, 'releases' | 'scope'>,
  { tag }: Extract<StepAction, { kind: 'end-hold' }>,
): StepHandler {
  let ended = '';
  return {
    async apply({ actor, reason }) {
      const release = (await releases.list(scope)).find((one) => one.tag === tag);
      if (release?.hold === undefined && release?.status !== 'bad') return;
      const { hold } = release;
      const was = hold === undefined ? 'It was bad' : `It was held by ${hold.by}: ${hold.reason}`;
      ended = ` ${was}. Ended by ${actor}: ${reason}.`;
      // Only the hold that was seen: this may take effect late, when it is held for another reason.
      await releases.hold(scope, tag, undefined, hold?.at);
    },
    async confirm() {
      const release = (await releases.list(scope)).find((one) => one.tag === tag);
      return release?.hold === undefined && release?.status !== 'bad'
        ? done(`${tag} is not held any more.${ended}`)
        : notDone(`${tag} is still held.`);
    },
  };
}
