/** The team's rollback workflow on GitHub, as one that an incident can be handed to. */

import type { HandOverRequest } from '../../model/hand-over.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  Dispatched,
  RollbackRun,
  RollbackRunState,
  RollbackWorkflow,
} from '../../ports/rollback-workflow.ts';
import { classify, saidBy } from './call-error.ts';
import { defaultBranch } from './repository-calls.ts';
import {
  cancelRun,
  dispatchRun,
  listRuns,
  readRun,
  type WorkflowPlace,
  type WorkflowRun,
} from './workflow-calls.ts';

/** Milliseconds. GitHub itself ends a request after 10 s; all of asking has to leave time to wait. */
const CAPS = { ask: 12_000, appear: 10_000, look: 5_000, cancel: 10_000 };
const POLL_MS = 1_000;
const LEVEL = 'application';

export interface RollbackWorkflowOptions extends WorkflowPlace {
  clock: Clock;
  /** Left out: as above, in milliseconds. */
  caps?: Partial<typeof CAPS>;
  /** Between two looks, in milliseconds. Default 1,000. */
  pollMs?: number;
}

/**
 * It runs at the default branch, where the workflow is reviewed, and never at a tag. Its name has to
 * carry level and incident (`run-name`): a run whose answer got lost is found by them alone.
 */
export function rollbackWorkflow(options: RollbackWorkflowOptions): RollbackWorkflow {
  const caps = { ...CAPS, ...options.caps };
  const { clock, file, pollMs = POLL_MS } = options;

  async function findRun(incident: string, signal: AbortSignal): Promise<RollbackRun | undefined> {
    const runs = await listRuns(options, signal);
    const named = runs.find((run) => isOf(incident, run) && !isOver(run));
    return named === undefined ? undefined : { id: named.id, url: named.html_url };
  }

  /** GitHub accepted it, or may have. Undefined when no run shows up in time. */
  async function appeared(incident: string): Promise<RollbackRun | undefined> {
    const signal = AbortSignal.timeout(caps.appear);
    for (;;) {
      try {
        const found = await findRun(incident, signal);
        if (found !== undefined) return found;
        await clock.sleep(pollMs, signal);
      } catch {
        // Over, or GitHub answers nothing at all: waiting longer helps nobody.
        return undefined;
      }
    }
  }

  async function ask(request: HandOverRequest): Promise<Dispatched> {
    const signal = AbortSignal.timeout(caps.ask);
    const what = `Starting ${file} on GitHub`;
    let isSent = false;
    try {
      // Asked for before an interruption, or by a person: that one has it.
      const before = await findRun(request.incident, signal);
      if (before !== undefined) return { run: before };
      const ref = await defaultBranch(options, signal);
      isSent = true;
      const id = await dispatchRun(options, { ref, inputs: inputsOf(request) }, signal);
      if (id !== undefined) return { run: { id, ...(await addressOf(id)) } };
    } catch (error) {
      const failure = classify(error, signal);
      const mayRun = isSent && (failure === 'unanswered' || failure === 'stopped');
      const problem = `${what} did not work: ${saidBy(error)}.`;
      if (!mayRun) return { problem, mayRun };
      const run = await appeared(request.incident);
      return run === undefined ? { problem, mayRun } : { run };
    }
    const run = await appeared(request.incident);
    if (run !== undefined) return { run };
    return { problem: `${what} was accepted, and no run of it is to be seen.`, mayRun: true };
  }

  /** For people only: a run without an address is one all the same. */
  async function addressOf(id: number): Promise<{ url?: string }> {
    try {
      return { url: (await readRun(options, id, AbortSignal.timeout(caps.look))).html_url };
    } catch {
      return {};
    }
  }

  return {
    dispatch: ask,
    look: async ({ id }) => stateOf(await readRun(options, id, AbortSignal.timeout(caps.look))),
    async cancel({ id }) {
      const signal = AbortSignal.timeout(caps.cancel);
      let state: RollbackRunState | undefined;
      try {
        state = stateOf(await readRun(options, id, signal));
        if (state === 'waiting') await cancelRun(options, id, signal);
        while (state === 'waiting') {
          state = stateOf(await readRun(options, id, signal));
          if (state === 'waiting') await clock.sleep(pollMs, signal);
        }
      } catch {
        return 'unknown';
      }
      return state === 'ended' ? 'ended' : 'begun';
    },
  };
}

function inputsOf({ environment, incident, to, reason }: HandOverRequest): Record<string, string> {
  return { level: LEVEL, environment, incident, version: to, reason };
}

/** By the words of its name. One of level flags does not do what is asked for here. */
function isOf(incident: string, { event, display_title: title }: WorkflowRun): boolean {
  const words = title.split(/[^\w-]+/);
  return event === 'workflow_dispatch' && words.includes(incident) && words.includes(LEVEL);
}

function isOver(run: WorkflowRun): boolean {
  return !['waiting', 'running'].includes(stateOf(run));
}

/** What is queued, pending or waits for an approval has not begun. */
function stateOf({ status, conclusion }: WorkflowRun): RollbackRunState {
  if (status === 'in_progress') return 'running';
  if (status !== 'completed') return 'waiting';
  if (conclusion === 'success') return 'succeeded';
  const isNothing = ['cancelled', 'skipped', 'startup_failure', 'stale'].includes(conclusion ?? '');
  return isNothing ? 'ended' : 'failed';
}
