import { BackoutError, describeCause } from '../model/error.ts';
import {
  type ExecutionResult,
  type StepOutcome,
  type StepRecord,
  type StepResult,
  foldOutcome,
  foldSteps,
} from '../model/execution.ts';
import type { JournalEntry } from '../model/journal.ts';
import { targetResource } from '../model/lease.ts';
import { toJson } from '../model/json.ts';
import {
  describePlan,
  type Plan,
  type Step,
  isMutation,
  isSealed,
  shortHash,
  stagesOf,
} from '../model/plan.ts';
import type { Observe } from '../model/progress.ts';
import { type Clock, timestamp, within } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Journal } from '../ports/journal.ts';
import { watchBudget } from './budget.ts';
import { runCapped } from './cap.ts';
import { capOf, type ExecutionLimits, triesOf } from './execution-limits.ts';
import type { HeldLeases } from './leases.ts';
import { ExecutionJournal } from './execution-journal.ts';
import { isOvertaken, judgeStep, overtakenBy, toOutcome } from './judge-step.ts';
import type { Confirmation, HandlerFor, StepContext, StepHandler } from './step-handler.ts';
import { type WatchedTime, watchedTime } from './watched-time.ts';

/** Reading the real state back is a question: it gets this long, unless its handler needs longer. */
const CONFIRM_CAP_MS = 5_000;

/** As many others as may be making safe at the same moment. */
const MOST_CONFLICTS = 5;

export interface ExecutionPorts {
  clock: Clock;
  ids: Ids;
  journal: Journal;
  handlerFor: HandlerFor;
  leases: HeldLeases;
  observe: Observe;
  /** Aborts when a person stops the command: the step ends, the next does not begin. */
  interrupted?: AbortSignal;
}

export interface ExecutionRequest {
  id: string;
  incident: string;
  plan: Plan;
  actor: string;
  reason: string;
  rule: string;
  /** The incident's entries so far; those of this execution make it a resumption. */
  entries: readonly JournalEntry[];
  /**
   * False for level flags, which acts first: an entry that cannot be stored becomes a problem in
   * the result. True elsewhere: what cannot be recorded is not done.
   */
  journalRequired: boolean;
  /** For those who have seconds and not minutes. */
  limits?: ExecutionLimits;
}

/**
 * Runs a plan, stage by stage. Each step: intent to the journal → apply → read back → outcome to
 * the journal. Steps already proven done are not done again; an interrupted one is read back first.
 * Never throws for what a step does: the result says it.
 */
export async function executePlan(
  ports: ExecutionPorts,
  request: ExecutionRequest,
): Promise<ExecutionResult> {
  const execution = new Execution(ports, request);
  return await execution.run();
}

/** The state of one running execution. */
class Execution {
  private readonly ports: ExecutionPorts;
  private readonly request: ExecutionRequest;
  private readonly records: Map<string, StepRecord>;
  private readonly results: StepResult[] = [];
  private readonly problems: string[] = [];
  private readonly startedAt: number;
  private readonly journal: ExecutionJournal;
  private readonly watched: WatchedTime;
  private lostRight = false;
  private withinBudgetMs: number | undefined;

  constructor(ports: ExecutionPorts, request: ExecutionRequest) {
    this.ports = ports;
    this.request = request;
    this.records = foldSteps(request.plan, request.id, request.entries);
    const started = request.entries.find(
      (entry) => entry.kind === 'execution-started' && entry.data['execution'] === request.id,
    );
    this.startedAt = started === undefined ? ports.clock.now() : Date.parse(started.at);
    this.watched = watchedTime(this.startedAt);
    this.journal = new ExecutionJournal(ports, request, this.problems);
  }

  async run(): Promise<ExecutionResult> {
    const { plan, id, incident, entries } = this.request;
    if (!isSealed(plan)) {
      throw new BackoutError({
        code: 'E_PLAN_CHANGED',
        kind: 'refused',
        message: 'The plan does not match its own hash: it was changed after it was made.',
        remedy: 'Make a new plan with `backout plan` and start from that.',
      });
    }
    const resumed = entries.some((entry) => entry.data['execution'] === id);
    await this.journal.record(
      'execution-started',
      'started',
      `Started ${describePlan(plan)}: plan ${shortHash(plan.hash)}.`,
      {
        plan: toJson(plan),
      },
    );
    // Recorded first: whoever dies from here on left something that can be resumed.
    this.ports.observe({ type: 'execution-started', id, incident, plan, resumed });
    const budget = watchBudget(this.ports, {
      startedAt: this.startedAt,
      budgetMs: plan.budget_ms,
      record: async (exceeded, text) => {
        await this.journal.record('budget', exceeded ? 'budget-exceeded' : 'budget-warning', text, {
          exceeded,
        });
      },
    });
    try {
      await this.runStages((result) => {
        // Proven by an earlier process, it was over then, not now.
        const at =
          result.outcome === 'done' ? Date.parse(result.verified_at) : this.ports.clock.now();
        this.withinBudgetMs = at - this.startedAt;
        budget.stop();
      });
    } finally {
      budget.stop();
    }
    return await this.finish();
  }

  private async runStages(onBudgetEnd: (result: StepOutcome) => void): Promise<void> {
    const { plan } = this.request;
    for (const steps of stagesOf(plan)) {
      const blocked = this.blockedBy();
      const ended = await Promise.all(
        steps.map(async (step) =>
          blocked === undefined
            ? await this.runStep(step)
            : this.end(step, { outcome: 'not-run', problem: blocked }, 0, false),
        ),
      );
      this.results.push(...ended);
      const last = ended.find(({ step }) => step.id === plan.budget_ends_with);
      if (last !== undefined && blocked === undefined) onBudgetEnd(last.result);
    }
  }

  /** Why the next stage must not start; undefined when it may. */
  private blockedBy(): string | undefined {
    // Also for what changes nothing: an intent of somebody who lost the lease would stand between its
    // holder's intent and its holder's outcome.
    this.lostRight ||= this.ports.leases.lost.aborted;
    if (this.lostRight) return 'we no longer hold the lease';
    if (this.ports.interrupted?.aborted === true) return 'it was stopped by hand';
    const blocker = this.results.find(
      ({ step, result }) => step.essential && result.outcome !== 'done',
    );
    return blocker && `"${blocker.step.title}" is not proven done`;
  }

  private async runStep(step: Step): Promise<StepResult> {
    const { clock, observe, handlerFor } = this.ports;
    const number = this.request.plan.steps.indexOf(step) + 1;
    observe({ type: 'step-started', step, number, of: this.request.plan.steps.length });
    const began = clock.now();
    const record: StepRecord = this.records.get(step.id) ?? { state: 'pending' };
    if (record.state === 'ended' && record.result.outcome === 'done') {
      this.watched.replayed(step.action, Date.parse(record.result.verified_at));
      return this.end(step, record.result, 0, true);
    }
    const attempt = record.state === 'pending' ? 1 : record.attempt + 1;
    const handler = handlerFor(step.action);
    try {
      const found = await this.settleEarlierAttempt(step, record, handler);
      const result = found ?? (await this.attempt(step, attempt, handler));
      if (result.outcome === 'done' && step.action.kind === 'deploy') {
        this.watched.deployed(clock.now());
      }
      return this.end(step, result, clock.now() - began, false);
    } catch (error) {
      // Only the lease and the journal throw to here: in both cases nothing was applied after it.
      if (isOvertaken(error)) this.lostRight = true;
      this.problems.push(describeCause(error));
      const result: StepOutcome = { outcome: 'not-run', problem: describeCause(error) };
      return this.end(step, result, clock.now() - began, false);
    }
  }

  /**
   * An earlier attempt began and nobody knows how it ended: ask the real state. Done is recorded as
   * done; unknown stays unknown, because applying again could do it twice; not done is tried again.
   */
  private async settleEarlierAttempt(
    step: Step,
    record: StepRecord,
    handler: StepHandler,
  ): Promise<StepOutcome | undefined> {
    const unsettled =
      record.state === 'interrupted' ||
      (record.state === 'ended' && record.result.outcome === 'unknown');
    if (!unsettled) return undefined;
    const confirmation = await this.confirm(step, handler);
    if (confirmation.state === 'not-done') return undefined;
    const result = toOutcome(confirmation, timestamp(this.ports.clock));
    await this.journal.recordOutcome(
      step,
      record.attempt,
      result,
      'read back after an interruption',
    );
    return result;
  }

  private async attempt(step: Step, attempt: number, handler: StepHandler): Promise<StepOutcome> {
    const { clock, observe, leases, interrupted } = this.ports;
    if (isMutation(step.action)) await leases.prove();
    const { number, found } = await this.begin(step, attempt, handler);
    if (found !== undefined) return found;
    observe({ type: 'step-intended', step, attempt: number });
    const { limits } = this.request;
    const applied = await runCapped(
      clock,
      capOf(step, limits, clock.now()),
      async (signal) => {
        const stops = [signal, leases.lost, interrupted].filter((one) => one !== undefined);
        await this.applyWithRetry(step, handler, AbortSignal.any(stops));
      },
      limits?.graceMs,
    );
    observe({ type: 'step-applied', step });
    const overtaken = overtakenBy(applied, leases.lost);
    if (overtaken !== undefined) return this.giveUp(step, overtaken);
    // Whatever apply said, the real state decides: it may have failed after it worked.
    const confirmation = await this.confirm(step, handler);
    const result = judgeStep(step.action, applied, confirmation, timestamp(clock));
    if (result.outcome === 'failed' || result.outcome === 'unknown') {
      this.problems.push(`${step.title}: ${result.problem}`);
    }
    try {
      await this.journal.recordOutcome(step, number, result);
    } catch (error) {
      // It was applied: "not run" would be untrue, and "done" is only what the journal has as done.
      const problem = `it was applied, but how it ended is not recorded: ${describeCause(error)}`;
      this.problems.push(`${step.title}: ${problem}`);
      return { outcome: 'unknown', problem };
    }
    return result;
  }

  /**
   * Records the intent. Level flags holds no lease, so somebody else may be at this very attempt, or
   * have died in it: then the real state says whether anything is left to do under the next number.
   */
  private async begin(
    step: Step,
    attempt: number,
    handler: StepHandler,
  ): Promise<{ number: number; found?: StepOutcome | undefined }> {
    for (let number = attempt; ; number += 1) {
      try {
        await this.journal.recordIntent(step, number);
        return { number };
      } catch (error) {
        const last = number - attempt >= MOST_CONFLICTS;
        if (this.request.journalRequired || last || !isOvertaken(error)) throw error;
        const record: StepRecord = { state: 'interrupted', attempt: number };
        const found = await this.settleEarlierAttempt(step, record, handler);
        if (found !== undefined) return { number, found };
      }
    }
  }

  /**
   * Somebody took over between our proof and our change. What is live now is their doing, and how
   * the attempt ended is theirs to record: an entry of ours could come after their next intent.
   */
  private giveUp(step: Step, { code, message, remedy }: BackoutError): StepOutcome {
    this.lostRight = true;
    const problem = `${code}: ${message}`;
    this.problems.push(`${step.title}: ${problem}`);
    return { outcome: 'failed', problem, code, remedy };
  }

  /** Retries what may succeed later without anybody changing anything, with jittered waits. */
  private async applyWithRetry(
    step: Step,
    handler: StepHandler,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, ids } = this.ports;
    for (let tries = 1; ; tries += 1) {
      try {
        await handler.apply(this.context(step, signal));
        return;
      } catch (error) {
        const retry =
          error instanceof BackoutError &&
          error.retryable &&
          tries < triesOf(step.action, this.request.limits);
        if (!retry || signal.aborted) throw error;
        this.ports.observe({ type: 'note', step, text: `${describeCause(error)} Trying again.` });
        const pause = clock.sleep(100 * 2 ** tries * (0.5 + ids.random()), signal);
        // Stopped between two tries: what is known is how the last one ended.
        await pause.catch(() => Promise.reject(error));
        if (isMutation(step.action)) await this.ports.leases.prove();
      }
    }
  }

  private async confirm(step: Step, handler: StepHandler): Promise<Confirmation> {
    try {
      const capMs = this.request.limits?.confirmMs ?? handler.confirmMs ?? CONFIRM_CAP_MS;
      return await within(this.ports.clock, capMs, async (signal) =>
        handler.confirm(this.context(step, signal)),
      );
    } catch (error) {
      return { state: 'unknown', detail: `could not be read back: ${describeCause(error)}` };
    }
  }

  private context(step: Step, signal: AbortSignal): StepContext {
    const { incident, actor, reason, rule, plan } = this.request;
    return {
      incident,
      actor,
      reason,
      rule,
      signal,
      startedAt: this.startedAt,
      deployedAt: this.watched.deployedAt,
      watched: this.watched,
      fence: (target) => this.ports.leases.fence(targetResource(plan, target)),
      note: (text) => this.ports.observe({ type: 'note', step, text }),
    };
  }

  private end(step: Step, result: StepOutcome, ms: number, replayed: boolean): StepResult {
    this.ports.observe({ type: 'step-ended', step, result, duration_ms: ms, replayed });
    return { step, result, duration_ms: ms };
  }

  private async finish(): Promise<ExecutionResult> {
    const { clock } = this.ports;
    const outcome = this.lostRight ? 'refused' : foldOutcome(this.results);
    const ended = timestamp(clock);
    try {
      await this.journal.record(
        'execution-ended',
        `ended/${ended}`,
        `Ended ${describePlan(this.request.plan)}: ${outcome}.`,
        {
          outcome,
          within_budget_ms: this.withinBudgetMs ?? null,
        },
      );
    } catch (error) {
      this.problems.push(describeCause(error));
    }
    const result: ExecutionResult = {
      id: this.request.id,
      incident: this.request.incident,
      plan: this.request.plan,
      outcome,
      steps: this.results,
      started_at: new Date(this.startedAt).toISOString(),
      ended_at: ended,
      ...(this.withinBudgetMs === undefined ? {} : { within_budget_ms: this.withinBudgetMs }),
      problems: this.problems,
    };
    this.ports.observe({ type: 'execution-ended', result });
    return result;
  }
}
