import { commanderOf } from '../model/commander.ts';
import { describeCause } from '../model/error.ts';
import type { ExecutionResult } from '../model/execution.ts';
import type { Innocence } from '../model/innocence.ts';
import { verifyChain } from '../model/journal.ts';
import type { MessageCode } from '../model/message.ts';
import { draftPostmortem } from '../model/postmortem.ts';
import { type StillOff, listOff } from '../model/still-off.ts';
import type { Announcer } from './announce.ts';
import { within } from '../ports/clock.ts';
import type { OperationPorts, Request } from './operation-ports.ts';
import { describeInnocence, reviewInnocence } from './review-innocence.ts';
import { readStillOff } from './still-off.ts';

/** Longest time for putting the draft where people find it: the rollback itself is over by then. */
const DRAFT_CAP_MS = 30_000;

/** What is left by a return is good, and nobody holds it. */
const RETURNED = { returning: true };

interface Finished {
  innocence?: Innocence;
  stillOff: StillOff;
  postmortem: string | undefined;
  problems: string[];
}

/** After an execution, however it ended: what is still off, the postmortem draft, the last message. */
export async function finishRollback(
  ports: OperationPorts,
  news: Announcer,
  { execution, request }: { execution: ExecutionResult; request: Request },
): Promise<Finished> {
  const { incident, plan } = execution;
  const problems = [...execution.problems];
  const stillOff = await readStillOff(ports);
  let postmortem: string | undefined;
  let chainHead: string | undefined;
  let assigned: string | undefined;
  const innocence = await review(ports, execution, request.actor);
  if (innocence?.verdict === 'probably-not-the-cause') {
    problems.push(...describeInnocence(innocence, plan.from));
  }
  try {
    const entries = await ports.journal.read(ports.scope, incident);
    const chain = verifyChain(entries);
    if (chain.intact) chainHead = chain.head;
    else problems.push(`Journal entry ${chain.seq}: ${chain.problem}`);
    const opened = entries[0]?.at ?? execution.started_at;
    assigned = commanderOf(entries);
    const markdown = draftPostmortem({
      incident,
      entries,
      chain,
      stillOff: listOff(stillOff),
      due: ports.settings.due,
      commander: assigned ?? ports.settings.messageFooter.commander,
    });
    postmortem = await within(ports.clock, DRAFT_CAP_MS, () =>
      ports.postmortems.publish(incident, opened, markdown),
    );
  } catch (error) {
    problems.push(`The postmortem draft was not written: ${describeCause(error)}`);
  }
  news.say(closingMessage(execution), `${execution.id}/end/${execution.outcome}`, {
    reason: request.reason,
    by: request.actor,
    level: plan.level,
    ...(plan.from === undefined ? {} : { from: plan.from }),
    ...(plan.to === undefined ? {} : { to: plan.to }),
    ...(plan.undoes === undefined ? { held: isDone(execution, 'hold-release') } : RETURNED),
    still_failing: validationFailed(execution),
    helped: !isProbablyInnocent(execution, innocence),
    off: listOff(stillOff),
    problems: execution.problems,
    command: nextCommand(execution),
    ...(postmortem === undefined ? {} : { postmortem }),
    ...(assigned === undefined ? {} : { commander: assigned }),
    ...(chainHead === undefined ? {} : { chain_head: chainHead }),
  });
  problems.push(...(await news.settle()));
  return { stillOff, postmortem, problems, ...(innocence === undefined ? {} : { innocence }) };
}

/** An opinion about the rollback must not spoil its end: where it cannot be had, there is none. */
async function review(
  ports: OperationPorts,
  execution: ExecutionResult,
  actor: string,
): Promise<Innocence | undefined> {
  // A return leaves a good release: whether that was the cause is no question.
  if (ports.baseline === undefined || execution.plan.undoes !== undefined) return undefined;
  try {
    const entries = await ports.journal.read(ports.scope, execution.incident);
    return await reviewInnocence(ports, execution, entries, actor);
  } catch {
    return undefined;
  }
}

/** The message that an execution ends with. */
export function closingMessage({ outcome, plan }: ExecutionResult): MessageCode {
  switch (outcome) {
    case 'done':
    case 'partial':
      return plan.level === 'flags' ? 'safe-state-on' : 'rollback-complete';
    case 'failed':
      return 'rollback-failed';
    case 'unknown':
      return 'rollback-unknown';
    case 'refused':
      return 'refused';
    default:
      return outcome satisfies never;
  }
}

/** The one line to paste next. */
export function nextCommand(execution: ExecutionResult): string {
  const { outcome, plan, incident } = execution;
  if (plan.undoes !== undefined && validationFailed(execution)) {
    return `backout rollback application --incident ${incident}`;
  }
  switch (outcome) {
    case 'done':
    case 'partial':
      return plan.level === 'flags'
        ? `backout rollback application --incident ${incident}`
        : `backout breakers reset --incident ${incident}`;
    case 'unknown':
    case 'failed':
      return `backout incident resume ${incident}`;
    case 'refused':
      return `backout incident show ${incident}`;
    default:
      return outcome satisfies never;
  }
}

function isDone({ steps }: ExecutionResult, id: string): boolean {
  return steps.some(({ step, result }) => step.id === id && result.outcome === 'done');
}

/**
 * Whether the release that was live is probably not the cause. What was measured before and after
 * counts more than the checks: one of them may fail for another reason, as when rows are missing.
 */
export function isProbablyInnocent(execution: ExecutionResult, innocence?: Innocence): boolean {
  if (execution.plan.undoes !== undefined) return false;
  const verdict = innocence?.verdict ?? 'cannot-tell';
  switch (verdict) {
    case 'probably-not-the-cause':
      return true;
    case 'probably-the-cause':
      return false;
    case 'cannot-tell':
      return validationFailed(execution);
    default:
      return verdict satisfies never;
  }
}

/** The rollback itself worked, and the checks still say no. */
export function validationFailed({ steps }: ExecutionResult): boolean {
  return steps.some(
    ({ step, result }) => step.action.kind === 'validate' && result.outcome === 'failed',
  );
}
