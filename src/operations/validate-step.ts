import type { StageResult } from '../model/check.ts';
import type { StepAction } from '../model/plan.ts';
import { done, notDone, type StepHandler, unknown } from './step-handler.ts';
import type { HandlerPorts } from './step-handlers.ts';
import type { FlagStore } from '../ports/flags.ts';
import { watchBake } from './watch-bake.ts';

type ValidatePorts = Pick<HandlerPorts, 'clock' | 'checks' | 'onStage'> & {
  flags: Pick<FlagStore, 'read'>;
};

/** Measuring is the effect: a verdict that is not passed is a step that is not done. */
export function validateStep(
  ports: ValidatePorts,
  action: Extract<StepAction, { kind: 'validate' }>,
): StepHandler {
  /** The verdict that counts: of all rounds, up to the end of the waiting time or a failed one. */
  let measured: StageResult | undefined;
  let begun = false;
  return {
    async apply({ signal, watched, note }) {
      begun = true;
      const gap = watched.begin(action, ports.clock.now());
      if (gap !== undefined) {
        note(`Nobody watched for ${Math.round(gap / 1000)} s: watching begins anew.`);
      }
      const until = watched.from + action.after_ms;
      const waitMs = until - ports.clock.now();
      if (waitMs > 0) note(`Watching for ${Math.ceil(waitMs / 1000)} s before ${action.stage}.`);
      measured = await watchBake(ports, {
        stage: action.stage,
        until,
        everyMs: action.every_ms,
        slowestMs: action.slowest_ms,
        signal,
        watchedUntil: watched.until,
        onRound: ({ seenAt }) => watched.seen(seenAt),
      });
      await ports.onStage(measured);
    },
    confirm() {
      if (measured === undefined) {
        // Begun and not measured says nothing about the service; never begun can simply be done.
        const open = begun ? unknown('It was not measured to the end.') : notDone('Not measured.');
        return Promise.resolve(open);
      }
      const bad = measured.measurements.filter(({ verdict }) => verdict !== 'passed');
      const why = bad.map((item) => `${item.check}: ${item.verdict}, ${item.reason}`).join('; ');
      switch (measured.verdict) {
        case 'passed':
          return Promise.resolve(done(`All ${measured.measurements.length} checks passed.`));
        case 'failed':
          return Promise.resolve(notDone(why));
        case 'error':
        case 'inconclusive':
          return Promise.resolve(unknown(why || 'No check is configured for this stage.'));
        default:
          return measured.verdict satisfies never;
      }
    },
  };
}
