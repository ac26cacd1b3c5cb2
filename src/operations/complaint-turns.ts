import { commanderOf } from '../model/commander.ts';
import {
  COMPLAINTS,
  type ComplaintDecision,
  type ComplaintRule,
  complaintsIn,
  complaintTurns,
  decideComplaints,
} from '../model/complaints.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import type { JournalEntry } from '../model/journal.ts';
import type { MessageCode } from '../model/message.ts';
import { announcer, keyToSend, messagesSent } from './announce.ts';
import { readRecent } from './complaint-place.ts';
import { isConflict, record } from './journal-writer.ts';
import { followCommander } from './lead.ts';
import type { OperationPorts } from './operation-ports.ts';

/** Others may decide at the same moment; each try builds on what they wrote. */
const TRIES = 5;
/** Whoever wrote a decision has told people by then, or will not: every wait in it is capped. */
const TOLD_WITHIN_MS = 15_000;

export interface TurnRequest {
  incident: string;
  actor: string;
  /** Key of the complaint's entry: what does not have it is not all there is. */
  key: string;
  /** How old a complaint may be to count, in milliseconds since 1970. */
  oldest: number;
  rules: readonly ComplaintRule[];
  /** The instant that the decision is about. */
  now: number;
}

/** Where the complaints of an incident stand after a decision. */
export interface Turn {
  decision: ComplaintDecision;
  /** 0, 1, 2 … of the decision that stands, within the incident; -1 before the first. */
  number: number;
  /** Whether it is for us to tell people: we wrote it, or whoever did is gone. */
  isOurs: boolean;
  /** The incident's entries before it. */
  entries: readonly JournalEntry[];
  commander: string | undefined;
  problems: string[];
}

/**
 * Counts and decides. A decision that is another one than the last is written under its number, so
 * that of several reporters at once exactly one has written it.
 * @throws BackoutError E_JOURNAL_UNREACHABLE, E_COUNT when the complaints cannot be counted
 */
export async function decideTogether(ports: OperationPorts, request: TurnRequest): Promise<Turn> {
  const { incident, key, oldest, rules, now } = request;
  for (let tries = 1; ; tries += 1) {
    const all = await readRecent(ports, oldest, incident);
    if (!all.some((entry) => entry.key === key)) throw incomplete();
    const entries = all.filter((entry) => entry.incident === incident);
    const turns = complaintTurns(entries);
    const decision = decideComplaints(complaintsIn(all), rules, now, turns.until);
    const turn = { decision, entries, commander: commanderOf(entries), problems: [] };
    if (decision.decision === turns.last) {
      const isLeft = turns.at !== undefined && now - Date.parse(turns.at) > TOLD_WITHIN_MS;
      return { ...turn, number: turns.count - 1, isOurs: isLeft };
    }
    const written = await writeTurn(ports, request, turns.count, decision);
    if (written.isOurs) return { ...turn, number: turns.count, ...written };
    // A fresher count is on its way with whoever keeps deciding.
    if (tries === TRIES) return { ...turn, number: turns.count, isOurs: false };
  }
}

/** A decision that cannot be written is ours all the same: told twice is better than not at all. */
async function writeTurn(
  ports: OperationPorts,
  { incident, actor }: TurnRequest,
  number: number,
  decision: ComplaintDecision,
): Promise<{ isOurs: boolean; problems: string[] }> {
  try {
    const appended = await record(ports, {
      incident,
      key: `complaints/decision/${number}`,
      kind: 'decision',
      actor,
      text: describeDecision(decision),
      data: { signal: COMPLAINTS, ...decision },
    });
    if (appended.stored === 'journal') return { isOurs: !appended.repeated, problems: [] };
    const problem = 'The decision waits on this machine for the journal.';
    return { isOurs: true, problems: [problem] };
  } catch (error) {
    if (isConflict(error)) return { isOurs: false, problems: [] };
    return { isOurs: true, problems: [`The decision is not recorded: ${describeCause(error)}`] };
  }
}

function describeDecision(decision: ComplaintDecision): string {
  switch (decision.decision) {
    case 'ignore':
      return `${decision.reason} That is too few for any rule.`;
    case 'investigate':
      return `${decision.reason} To be investigated; a person decides at ${decision.until.slice(11, 16)} UTC.`;
    case 'page':
      return `${decision.reason} To be called: ${decision.page.join(', ') || 'nobody'}.`;
    default:
      return decision satisfies never;
  }
}

/**
 * Tells the channels: of an investigation once per incident, of many complaints once each time the
 * threshold is crossed. How many there are is said, never what they say.
 */
export async function tellPeople(
  ports: OperationPorts,
  { incident, actor }: TurnRequest,
  turn: Turn,
): Promise<{ told?: string[]; problems: string[] }> {
  const { decision, entries } = turn;
  const message = messageOf(incident, turn);
  const key = message && keyToSend(entries, message.key);
  if (message === undefined || key === undefined) return { problems: [] };
  // Not said yet, and for somebody else to say.
  if (key === message.key && !turn.isOurs) return { problems: [] };
  const lead = followCommander(ports, incident, turn.commander);
  const news = announcer(ports, incident, messagesSent(entries), lead);
  const leads = turn.commander ?? ports.settings.messageFooter.commander;
  news.say(message.code, key, {
    reason: decision.reason,
    by: actor,
    complaints: { count: decision.count, within_s: decision.within_ms / 1000 },
    ...(decision.decision === 'ignore' ? {} : { page: decision.page }),
    ...(decision.decision === 'investigate' ? { decide_at: decision.until } : {}),
    command:
      leads === undefined && decision.decision === 'page'
        ? `backout incident assign --commander NAME ${incident}`
        : 'backout assess',
  });
  const told = ports.messengers
    .filter(({ wants }) => wants?.(message.code) ?? true)
    .map(({ channel }) => channel);
  const unheard = decision.decision === 'page' && told.length === 0;
  const problems = unheard ? ['No channel of backout.yml takes this message: call people.'] : [];
  return { told, problems: [...problems, ...(await news.settle())] };
}

/** Receivers know repeats by the key alone, so the incident is a part of it. */
function messageOf(
  incident: string,
  { decision, number, entries }: Turn,
): { code: MessageCode; key: string } | undefined {
  switch (decision.decision) {
    case 'ignore':
      return undefined;
    case 'investigate':
      // After people were called, fewer complaints are no news.
      if (complaintTurns(entries).paged) return undefined;
      return { code: 'complaints-investigate', key: `${incident}/complaints/investigate` };
    case 'page':
      return { code: 'complaints-page', key: `${incident}/complaints/page/${number}` };
    default:
      return decision satisfies never;
  }
}

function incomplete(): BackoutError {
  return new BackoutError({
    code: 'E_COUNT',
    kind: 'uncertain',
    message: 'The journal does not show all complaints at the moment.',
    remedy: 'Report the same complaint again, with the same reference.',
    retryable: true,
  });
}
