import { foldStage, type StageResult } from '../model/check.ts';
import type { StepAction } from '../model/plan.ts';
import { type Clock, timestamp } from '../ports/clock.ts';
import { done, notDone, type StepHandler, unknown } from './step-handler.ts';
import type { HandlerPorts } from './step-handlers.ts';
import { runStage } from './validate.ts';

type ValidatePorts = Pick<HandlerPorts, 'clock' | 'flags' | 'checks' | 'onStage'>;

/** Measuring is the effect: a verdict that is not passed is a step that is not done. */
/** Beyond twice the pause between two looks: a loaded machine is late by less. */
const SLEPT_MS = 10_000;

function notWatched(stage: string, clock: Clock, since: number): StageResult {
  const gap = clock.now() - since;
  const reason = `Nobody watched for ${Math.round(gap / 1000)} s: the machine slept, or its clock was set.`;
  return foldStage(stage, [
    { check: 'watching', verdict: 'inconclusive', reason, duration_ms: gap, at: timestamp(clock) },
  ]);
}

export function validateStep(
  ports: ValidatePorts,
  action: Extract<StepAction, { kind: 'validate' }>,
): StepHandler {
  /** The verdict that counts: at the end of the waiting time, or failed on the way. */
  let measured: StageResult | undefined;
  let begun = false;
  return {
    async apply({ signal, deployedAt, note }) {
      begun = true;
      const { clock, flags, checks } = ports;
      const measure = async (): Promise<StageResult> => {
        const { overrides } = await flags.read();
        const safeState = overrides.some((override) => override.mode !== 'lifted');
        return await runStage(checks, action.stage, { safeState, signal });
      };
      const due = deployedAt + action.after_ms;
      const wait = due - clock.now();
      if (wait > 0) note(`Watching for ${Math.ceil(wait / 1000)} s before ${action.stage}.`);
      while (clock.now() < due) {
        const before = clock.now();
        await clock.sleep(Math.min(action.every_ms, due - before), signal);
        if (clock.now() - before > 2 * action.every_ms + SLEPT_MS) {
          // A laptop that slept, or a clock that was set: nobody watched in that time.
          measured = notWatched(action.stage, clock, before);
          return await ports.onStage(measured);
        }
        if (clock.now() >= due) break;
        // Good on the way proves nothing yet, so it is not kept: the end may never be measured.
        const look = await measure();
        if (look.verdict !== 'failed') continue;
        // What is proven broken does not get better by waiting for the end of the bake.
        measured = look;
        return await ports.onStage(look);
      }
      measured = await measure();
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
