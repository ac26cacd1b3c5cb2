import type { ExecutionOutcome } from '../src/model/execution.ts';
import type { Plan } from '../src/model/plan.ts';
import { checkReason } from '../src/model/typed-text.ts';
import { maintain, type MaintenanceResult } from '../src/operations/maintain.ts';
import { confirmStart } from './confirm.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode, exitCodeOfOutcome } from './exit-code.ts';
import { renderPlan } from './render/plan.ts';
import { labelled, wrap } from './render/text.ts';

export interface MaintenanceOptions {
  incident?: string;
  reason?: string;
  yes?: boolean;
  dryRun?: boolean;
}

export interface Maintenance {
  plan: Plan;
  /** Half a sentence: `empty the caches readings`. */
  work: string;
  titles: { done: string; other: string };
  /** False: only what went wrong is told to the channels. Default true. */
  announce?: boolean;
}

/** Shows, asks, carries out and tells: what the commands of maintenance have in common. */
export async function carryOutMaintenance(
  context: CommandContext,
  options: MaintenanceOptions,
  { plan, work, titles, announce = true }: Maintenance,
): Promise<ExitCode> {
  const { service, out, user } = context;
  if (options.dryRun === true) {
    out.result({ plan, dry_run: true }, `${renderPlan(plan)}\nDry run: nothing was changed.`);
    return EXIT.done;
  }
  const reason = checkReason(options.reason, user);
  await confirmStart(out, plan, options);
  const result = await maintain(service.ports, plan, {
    actor: user,
    reason,
    work,
    announce,
    ...(options.incident === undefined ? {} : { incident: options.incident }),
  });
  out.result(result, renderMaintenance(result, titles));
  return exitCodeOfOutcome(result.execution.outcome);
}

/** What was done and proven, step by step, and what to do about the rest. */
function renderMaintenance(
  { execution, incident, problems }: MaintenanceResult,
  titles: Maintenance['titles'],
): string {
  const { plan, outcome, steps } = execution;
  const where = `${plan.service} ${plan.environment}`;
  const remedy = steps.flatMap(({ result }) =>
    result.outcome === 'failed' && result.remedy !== undefined ? [result.remedy] : [],
  )[0];
  const said = steps.map(({ step, result }) => {
    const detail = result.outcome === 'done' ? result.detail : result.problem;
    return labelled(SIGN[result.outcome], `${step.title}. ${detail}`);
  });
  return [
    wrap(`${outcome === 'done' ? titles.done : titles.other}: ${where}`),
    '',
    ...said,
    ...(outcome === 'refused' ? [labelled('Stopped', 'the lease is somebody else’s now')] : []),
    ...(remedy === undefined ? [] : [labelled('Do', remedy)]),
    ...problems
      .filter((problem) => !execution.problems.includes(problem))
      .map((problem) => labelled('Problem', problem)),
    labelled('Record', `backout incident show ${incident}`),
  ].join('\n');
}

const SIGN = {
  done: 'Done',
  failed: 'Failed',
  unknown: 'Unknown',
  'not-run': 'Not run',
} as const satisfies Record<Exclude<ExecutionOutcome, 'partial' | 'refused'> | 'not-run', string>;
