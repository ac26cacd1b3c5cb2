import { BackoutError, describeCause } from '../model/error.ts';
import type { StepOutcome } from '../model/execution.ts';
import type { EntryKind, NewEntry } from '../model/journal.ts';
import { type JsonObject, toJson } from '../model/json.ts';
import { isMutation, type Step } from '../model/plan.ts';
import { type Clock, timestamp, within } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Appended, Journal } from '../ports/journal.ts';
import type { ExecutionRequest } from './execute-plan.ts';
import { journalNeeded } from './journal-writer.ts';

/** Where acting goes first, an entry may hold it up this long: the spool's 1.5 s, and its disk. */
const RECORD_CAP_MS = 2_000;

/** What one execution writes to the journal: its beginning, intents, outcomes, and its end. */
export class ExecutionJournal {
  private readonly ports: { clock: Clock; journal: Journal };
  private readonly request: ExecutionRequest;
  /** Where what could not be recorded is said, when the journal is not required. */
  private readonly problems: string[];
  /** Tells this process from another one that continues the same execution. */
  private readonly executor: string;

  constructor(
    ports: { clock: Clock; ids: Ids; journal: Journal },
    request: ExecutionRequest,
    problems: string[],
  ) {
    this.ports = ports;
    this.request = request;
    this.problems = problems;
    this.executor = ports.ids.next();
  }

  async recordOutcome(
    step: Step,
    attempt: number,
    result: StepOutcome,
    how?: string,
  ): Promise<void> {
    const said = result.outcome === 'done' ? result.detail : result.problem;
    const suffix = how === undefined ? '' : ` (${how})`;
    await this.record(
      'outcome',
      // A second look at the same attempt is another fact: unknown may have become known.
      `${step.id}/${attempt}/outcome${how === undefined ? '' : `/${timestamp(this.ports.clock)}`}`,
      `${step.title}: ${result.outcome}. ${said}${suffix}`,
      { step: step.id, attempt, ...result },
    );
  }

  async record(
    kind: EntryKind,
    key: string,
    text: string,
    data: JsonObject,
  ): Promise<Appended['stored'] | undefined> {
    const { id, incident, plan, actor, journalRequired } = this.request;
    const { clock, journal } = this.ports;
    const entry: NewEntry = {
      service: plan.service,
      environment: plan.environment,
      incident,
      key: `${incident}/${id}/${key}`,
      kind,
      at: timestamp(clock),
      actor,
      text,
      data: { execution: id, ...data },
    };
    try {
      const appending = journalRequired
        ? journal.append(entry)
        : within(clock, RECORD_CAP_MS, () => journal.append(entry));
      return (await appending).stored;
    } catch (error) {
      // Somebody else began this attempt: whoever acts first must know that too.
      if (journalRequired || (kind === 'intent' && isConflict(error))) throw error;
      this.problems.push(`Not recorded (${describeCause(error)}): ${text}`);
      return undefined;
    }
  }

  /**
   * Where the journal is required, a change waits for the journal itself: an intent that only lies
   * on this machine's disk is not seen by whoever continues elsewhere, and would be done twice.
   */
  async recordIntent(step: Step, attempt: number): Promise<void> {
    const stored = await this.record(
      'intent',
      `${step.id}/${attempt}/intent`,
      `Will ${lowerFirst(step.title)}.`,
      {
        step: step.id,
        attempt,
        action: toJson(step.action),
        // Two processes at the same attempt say different things: the second is refused.
        executor: this.executor,
      },
    );
    const needed = this.request.journalRequired && isMutation(step.action);
    if (needed && stored !== 'journal') throw journalNeeded();
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function isConflict(error: unknown): boolean {
  return error instanceof BackoutError && error.code === 'E_JOURNAL_CONFLICT';
}
