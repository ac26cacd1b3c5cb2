import { type Measurement, type StageResult, foldStage } from '../model/check.ts';
import type { Check, CheckContext } from '../ports/checks.ts';

/** Runs the checks of one stage side by side and folds them. Checks never throw. */
export async function runStage(
  checks: readonly Check[],
  stage: string,
  context: CheckContext,
): Promise<StageResult> {
  const mine = checks.filter((check) => check.stages.includes(stage));
  const measured = await Promise.all(mine.map((check) => check.run(context)));
  const applicable = measured.filter((one): one is Measurement => one !== undefined);
  return foldStage(stage, applicable);
}
