import {
  COMPLAINTS,
  type ComplaintDecision,
  type ComplaintRule,
  complaintsIn,
  decideComplaints,
  longestWindow,
} from '../model/complaints.ts';
import { describeCause } from '../model/error.ts';
import { hashJson } from '../model/json.ts';
import type { Appended } from '../ports/journal.ts';
import { findPlace, readRecent } from './complaint-place.ts';
import { decideTogether, tellPeople } from './complaint-turns.ts';
import { openIncident } from './incidents.ts';
import { isConflict, record } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';

/** A complaint as somebody reports it; texts are checked already (model/complaint-input.ts). */
export interface ComplaintReport {
  actor: string;
  /** When it was made, in milliseconds since 1970. */
  at: number;
  /** What tells it apart; left out: every report is another complaint. */
  reference?: string | undefined;
  /** What the user says. It may name people: it stays in the journal. */
  text?: string | undefined;
}

export interface ComplaintAnswer {
  incident: string;
  /** True when none was open and this complaint, or another at the same moment, opened it. */
  opened: boolean;
  /** True when this reference was counted before. */
  repeated: boolean;
  stored: Appended['stored'];
  /** Left out when nobody can tell how many complaints there are: that is not none. */
  decision?: ComplaintDecision;
  /** Channels that were told of this decision now; left out when they were before, or need not be. */
  told?: string[];
  /** Who was assigned to lead the incident. */
  commander?: string;
  /** What was not done or not delivered, in the order it happened. */
  problems: string[];
}

/**
 * Records a complaint, counts, and tells people when the count means something else than before.
 * Nothing is made safe and nothing is lifted by it, whatever the count is.
 *
 *     record, then count   of two reporters at once, the later one sees both complaints
 *     decide by number     the n-th decision of an incident is written once: of two reporters that
 *                          reach the threshold together, one calls people
 *
 * @param rules those of `backout.yml` that count complaints; at least one
 * @throws BackoutError E_JOURNAL_UNREACHABLE when it can be stored nowhere
 */
export async function reportComplaint(
  ports: OperationPorts,
  report: ComplaintReport,
  rules: readonly ComplaintRule[],
): Promise<ComplaintAnswer> {
  const now = ports.clock.now();
  const oldest = now - longestWindow(rules);
  const { actor } = report;
  const { incident, opens, counted } = await findPlace(ports, report.reference, oldest);
  const found = { incident, opened: opens };
  if (counted === 'closed') {
    // A ticket that is sent again after its incident is over opens nothing.
    const entries = await readRecent(ports, oldest, incident);
    const decision = decideComplaints(complaintsIn(entries), rules, now);
    return { ...found, repeated: true, stored: 'journal', decision, problems: [] };
  }
  if (opens) {
    await openIncident(ports, incident, { actor, reason: 'Users complain', rule: COMPLAINTS });
  }
  const { stored, repeated, key } = await recordOnce(ports, incident, report);
  const kept = { ...found, repeated, stored };
  if (stored === 'spool') {
    return { ...kept, problems: ['The journal cannot be reached; the complaint waits for it.'] };
  }
  const request = { incident, actor, key, oldest, rules, now };
  try {
    const turn = await decideTogether(ports, request);
    const { told, problems } = await tellPeople(ports, request, turn);
    const { decision, commander } = turn;
    return {
      ...kept,
      decision,
      ...(told === undefined ? {} : { told }),
      ...(commander === undefined ? {} : { commander }),
      problems: [...turn.problems, ...problems],
    };
  } catch (error) {
    return { ...kept, problems: [`The complaints cannot be counted: ${describeCause(error)}`] };
  }
}

interface Recorded {
  stored: Appended['stored'];
  repeated: boolean;
  /** Of the journal's entry. */
  key: string;
}

/**
 * The text of the entry says nothing of what the user said: it becomes part of postmortems, which
 * are published. One reference has one entry: when a ticket is reported again in other words, the
 * first report stands.
 */
async function recordOnce(
  ports: OperationPorts,
  incident: string,
  { actor, at, reference, text }: ComplaintReport,
): Promise<Recorded> {
  const name = reference === undefined ? ports.ids.next() : hashJson(reference).slice(0, 16);
  const key = `complaint/${name}`;
  const whole = `${incident}/${key}`;
  try {
    const appended = await record(ports, {
      incident,
      key,
      kind: 'signal',
      at: new Date(at).toISOString(),
      actor,
      text: 'A user complaint was reported.',
      data: { signal: COMPLAINTS, reference, complaint: text },
    });
    const repeated = appended.stored === 'journal' && appended.repeated;
    return { stored: appended.stored, repeated, key: whole };
  } catch (error) {
    if (!isConflict(error)) throw error;
    return { stored: 'journal', repeated: true, key: whole };
  }
}
