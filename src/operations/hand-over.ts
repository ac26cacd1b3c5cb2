import { BackoutError, describeCause } from '../model/error.ts';
import type { HandOverRequest, HandOverResult } from '../model/hand-over.ts';
import type { RollbackRunner } from '../ports/rollback-runner.ts';
import type {
  RollbackRun,
  RollbackRunState,
  RollbackWorkflow,
} from '../ports/rollback-workflow.ts';
import type { Steps } from '../ports/steps.ts';

/** Between two looks at a run that has not begun, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** Who may be given it. One that is left out is not there. */
export interface HandOverPorts {
  workflow?: RollbackWorkflow;
  runner?: RollbackRunner;
  /** Time for a run to begin, in milliseconds: `github.start_within`, 60 s (design §5.1). */
  startWithinMs: number;
}

/** What the workflow came to: it has it, or somebody else has to. */
type FromWorkflow =
  | { taken: HandOverResult }
  /** `mayRun`: a run may begin later all the same; the lease keeps it and the runner apart. */
  | { problems: string[]; mayRun: boolean; url?: string };

/**
 * Gives level application to somebody who may change targets: to the team's workflow, and when no
 * run of it begins in time, to our own function. Each step may be played again: a run is asked for
 * once. Never throws; what nobody knows is `unknown`.
 */
export async function handOver(
  steps: Steps,
  { workflow, runner, startWithinMs }: HandOverPorts,
  request: HandOverRequest,
): Promise<HandOverResult> {
  const tried: FromWorkflow =
    workflow === undefined
      ? { problems: [], mayRun: false }
      : await askWorkflow(steps, workflow, startWithinMs, request);
  if ('taken' in tried) return tried.taken;
  const { problems, mayRun, url } = tried;
  const seen = url === undefined ? {} : { url };
  const started =
    runner === undefined
      ? {
          problem: 'No function that may change targets is set up here.',
          outcome: 'failed' as const,
        }
      : await steps.run('hand-over-runner', () => startRunner(runner, request));
  if (started.problem === undefined) return { by: 'runner', outcome: 'running', problems };
  const isUnknown = started.outcome === 'unknown';
  return {
    by: isUnknown ? 'runner' : 'nobody',
    outcome: isUnknown || mayRun ? 'unknown' : 'failed',
    ...seen,
    problems: [...problems, started.problem],
    command: `backout rollback application --incident ${request.incident}`,
  };
}

async function askWorkflow(
  steps: Steps,
  workflow: RollbackWorkflow,
  startWithinMs: number,
  request: HandOverRequest,
): Promise<FromWorkflow> {
  const since = await steps.now();
  const asked = await steps.run('hand-over-dispatch', () => workflow.dispatch(request));
  if ('problem' in asked) return { problems: [asked.problem], mayRun: asked.mayRun };
  const { run } = asked;
  const seen = run.url === undefined ? {} : { url: run.url };
  const taken = (outcome: HandOverResult['outcome'], ...problems: string[]): FromWorkflow => ({
    taken: { by: 'github', outcome, ...seen, problems },
  });
  const seconds = startWithinMs / 1_000;
  for (let looks = 1; ; looks += 1) {
    const left = since + startWithinMs - (await steps.now());
    if (left <= 0) break;
    await steps.sleep(`hand-over-wait-${looks}`, Math.min(LOOK_EVERY_MS, left));
    const state = await steps.run(`hand-over-look-${looks}`, () => lookAt(workflow, run));
    switch (state) {
      case 'running':
        return taken('running');
      case 'succeeded':
        return taken('done');
      case 'failed':
        return failedRun(request, run);
      case 'ended':
        // Its way to be stopped is `incident pause`; a run that is gone leaves production broken.
        return { problems: ['The run ended before it did anything.'], mayRun: false, ...seen };
      case 'waiting':
      case 'unreadable':
        break;
      default:
        return state satisfies never;
    }
  }
  const end = await steps.run('hand-over-cancel', () => workflow.cancel(run));
  const late = `No run of the workflow began within ${seconds} s`;
  switch (end) {
    case 'begun':
      return taken('running');
    case 'ended':
      return { problems: [`${late}; it was cancelled.`], mayRun: false, ...seen };
    case 'unknown':
      return { problems: [`${late}, and it may begin later.`], mayRun: true, ...seen };
    default:
      return end satisfies never;
  }
}

/** It was tried, and there is one automatic attempt: a person goes on. */
function failedRun({ incident }: HandOverRequest, { url }: RollbackRun): FromWorkflow {
  return {
    taken: {
      by: 'github',
      outcome: 'failed',
      ...(url === undefined ? {} : { url }),
      problems: ['The run of the workflow failed.'],
      command: `backout rollback application --incident ${incident}`,
    },
  };
}

async function lookAt(
  workflow: RollbackWorkflow,
  run: RollbackRun,
): Promise<RollbackRunState | 'unreadable'> {
  try {
    return await workflow.look(run);
  } catch {
    // The next look will tell; at the end of the time nobody has seen it begin.
    return 'unreadable';
  }
}

interface RunnerStart {
  problem?: string;
  outcome: 'running' | 'failed' | 'unknown';
}

async function startRunner(runner: RollbackRunner, request: HandOverRequest): Promise<RunnerStart> {
  try {
    await runner.start(request);
    return { outcome: 'running' };
  } catch (error) {
    const isRefused = error instanceof BackoutError && error.kind !== 'uncertain';
    return { problem: describeCause(error), outcome: isRefused ? 'failed' : 'unknown' };
  }
}
