import { readClockNotes } from '../model/clock-notes.ts';
import { BackoutError } from '../model/error.ts';
import type { HandOverRequest } from '../model/hand-over.ts';
import { within } from '../ports/clock.ts';
import { type Approval, requireApproval } from './approval.ts';
import { requireNotRolledBack } from './choose-release.ts';
import type { OperationPorts } from './operation-ports.ts';
import { prepareRollback, rollBack } from './roll-back.ts';
import { requireNotHalfDone } from './unfinished.ts';

/** Longest for reading the record of the incident, in milliseconds. */
const READ_MS = 5_000;

/** Codes that mean: what was asked for is there, or somebody brought something back already. */
const DONE_ALREADY: readonly string[] = ['E_ALREADY_LIVE', 'E_ALREADY_ROLLED_BACK'];

/** What a rollback without a person came to. Plain JSON. */
export interface UnattendedAnswer {
  incident: string;
  to: string;
  /** `held`: somebody else is at it, under the lease. `refused`: nothing was changed. */
  outcome: 'done' | 'partial' | 'failed' | 'unknown' | 'already-done' | 'held' | 'refused';
  code?: string;
  reason?: string;
  remedy?: string;
  problems?: string[];
}

/**
 * Level application as automation asks for it, to the release that it was asked for and to no other.
 * Asked for a second time, it finds what is done. A refusal is an answer: nobody is there to be told.
 * @throws BackoutError what is retryable, so that it is asked for again
 */
export async function rollBackUnattended(
  ports: OperationPorts,
  request: HandOverRequest,
  policy: Approval['policy'],
): Promise<UnattendedAnswer> {
  const { incident, to } = request;
  try {
    await requireNotPaused(ports, incident);
    const { actor, rule, reason } = request;
    const prepared = await prepareRollback(ports, 'application', to);
    const { assessment, plan } = prepared;
    requireNotRolledBack(assessment);
    // No person named it: nothing counts that only a person may say.
    requireNotHalfDone(assessment, undefined);
    const judged = assessment.candidates.find(({ tag }) => tag === to);
    if (assessment.knownGood.release?.tag !== to || judged?.colour !== 'GREEN') throw notGreen(to);
    requireApproval(assessment, plan, { policy, actor, approvedBy: undefined });
    const unnamed = { ...prepared, named: false };
    const { execution, problems } = await rollBack(ports, unnamed, {
      actor,
      rule,
      reason,
      incident,
    });
    return { incident, to, outcome: execution.outcome, ...(problems.length ? { problems } : {}) };
  } catch (error) {
    if (!(error instanceof BackoutError)) throw error;
    const { code, message: said, remedy, kind, retryable } = error;
    const told = { incident, to, code, reason: said, remedy };
    if (DONE_ALREADY.includes(code)) return { ...told, outcome: 'already-done' };
    if (code === 'E_LEASE_HELD') return { ...told, outcome: 'held' };
    if (kind !== 'refused' || retryable) throw error;
    return { ...told, outcome: 'refused' };
  }
}

/** @throws BackoutError E_PAUSED (refused): a person stopped it, or nobody can read whether one did */
async function requireNotPaused({ clock, journal, scope }: OperationPorts, incident: string) {
  const notes = await within(clock, READ_MS, () => journal.read(scope, incident)).then(
    readClockNotes,
    () => undefined,
  );
  if (notes !== undefined && notes.paused === undefined) return;
  throw new BackoutError({
    code: 'E_PAUSED',
    kind: 'refused',
    message:
      notes?.paused === undefined
        ? 'The journal cannot be read, so nobody can tell whether automation is paused.'
        : `${notes.paused.by} paused automation in incident ${incident}.`,
    remedy: `Go on by hand: \`backout rollback application --incident ${incident}\`.`,
  });
}

function notGreen(to: string): BackoutError {
  return new BackoutError({
    code: 'E_PLAN_CHANGED',
    kind: 'refused',
    message: `${to} is not the GREEN last known good any more.`,
    remedy: 'Look with `backout assess`, then decide.',
  });
}
