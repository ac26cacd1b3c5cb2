import { describeCause } from '../model/error.ts';
import { type BroughtBack, type Finding, whyHeld } from '../model/guard.ts';
import {
  GUARD_RULE,
  guardIncident,
  holdName,
  type Occurrence,
  occurrenceKey,
} from '../model/guard-record.ts';
import type { GuardPorts } from './guard-ports.ts';
import { guardActor, tell } from './guard-notes.ts';
import type { GuardMemory, Reading } from './guard-situation.ts';
import { openIncident } from './incidents.ts';
import { isConflict, record, type Entry } from './journal-writer.ts';
import { type Account, askWho } from './who-changed.ts';

/** So long after it was found, a name that nobody knew is still asked for. In milliseconds. */
const ASK_FOR_MS = 1_800_000;

/** One look, while what it found is reported. */
export interface GuardWork {
  ports: GuardPorts;
  memory: GuardMemory;
  reading: Reading;
  /** What goes wrong is added here, and stops nothing. */
  problems: string[];
}

/** A release that is back, as it was written down and told. */
export interface ReportedBack {
  occurrence: Occurrence;
  /** What is known of who did it; undefined when nobody had to be asked again. */
  account: Account | undefined;
  /** The line to paste. */
  command: string;
}

/**
 * Writes down that a held release is back, who did it, and tells people: each once per occurrence,
 * however often anybody looks. What a crash left out is done by the next look.
 */
export async function reportBack(work: GuardWork, found: BroughtBack): Promise<ReportedBack> {
  const { ports, memory, reading } = work;
  const { target, tag, held } = found;
  const hold = holdName(ports.scope, held);
  const own = memory.occurrences.filter((one) => one.target === target && one.hold === hold);
  const known = own.find(({ until }) => until === undefined);
  const since = new Date(ports.clock.now()).toISOString();
  const occurrence: Occurrence = known ?? {
    incident: await findPlace(work, found, hold),
    target,
    hold,
    tag,
    number: own.length,
    since,
    who: 'not-asked',
  };
  const { incident, number } = occurrence;
  const actor = guardActor(ports);
  if (known === undefined) {
    await write(work, {
      incident,
      key: occurrenceKey(occurrence, 'back'),
      kind: 'signal',
      actor,
      text: `${tag} is back on ${target}, and it is held: ${whyHeld(held)}.`,
      data: { guard: 'back', target, hold, tag, number },
    });
    memory.occurrences = [...memory.occurrences, occurrence];
  }
  const command = whatToDo(work, found, incident);
  const age = ports.clock.now() - Date.parse(occurrence.since);
  const asks = occurrence.who === 'not-asked' || (occurrence.who === 'unknown' && age < ASK_FOR_MS);
  const account = asks
    ? await askWho(ports, found, reading.situation, reading.incidents ?? [])
    : undefined;
  if (account !== undefined && (occurrence.who === 'not-asked' || account.named)) {
    await write(work, {
      // Nobody knew, and later somebody does: two statements.
      key: occurrenceKey(occurrence, account.named ? 'name' : 'who'),
      incident,
      kind: 'note',
      actor,
      text: `Who brought it back: ${account.lines.join(' ')}`,
      data: { guard: 'who', target, hold, tag, number, named: account.named },
    });
    occurrence.who = account.named ? 'named' : 'unknown';
  }
  const { problems } = await tell(ports, memory, reading.entries, {
    incident,
    code: 'held-release-back',
    key: `${incident}/${occurrenceKey(occurrence, 'back')}`,
    facts: {
      reason: `${tag} is held and live`,
      by: actor,
      from: tag,
      command,
      ...(found.expected === undefined ? {} : { to: found.expected }),
      found: [`${target} ${found.text}.`],
      who: account?.lines ?? whoWasNamed(reading, occurrence),
    },
  });
  work.problems.push(...problems);
  return { occurrence, account, command };
}

/** As an earlier look wrote it down, which then did not come to telling people. */
function whoWasNamed({ entries }: Reading, one: Occurrence): string[] {
  const keys = (['name', 'who'] as const).map((what) => occurrenceKey(one, what));
  const found = entries.find((entry) => keys.some((key) => entry.key === `${one.incident}/${key}`));
  return found === undefined ? [] : [found.text];
}

/** Writes down and tells that held releases are gone again, for every target that says so. */
export async function reportGone(work: GuardWork, findings: readonly Finding[]): Promise<void> {
  const { ports, memory, reading } = work;
  const actor = guardActor(ports);
  for (const one of memory.occurrences) {
    const { target, hold, tag, incident, number, since } = one;
    const found = findings.find((finding) => finding.target === target);
    if (one.until === undefined) {
      if (found === undefined || !isGone(ports, found, hold)) continue;
      await write(work, {
        incident,
        key: occurrenceKey(one, 'over'),
        kind: 'signal',
        actor,
        text: `${tag} is not live on ${target} any more, or is not held any more.`,
        data: { guard: 'over', target, hold, tag, number },
      });
      one.until = new Date(ports.clock.now()).toISOString();
    }
    const now = found === undefined ? '' : ` Now it ${found.text}.`;
    const { problems } = await tell(ports, memory, reading.entries, {
      incident,
      code: 'held-release-gone',
      key: `${incident}/${occurrenceKey(one, 'over')}`,
      facts: {
        reason: `${tag} was held and live`,
        by: actor,
        from: tag,
        found: [`${tag}, which was held, was back on ${target} from ${since} on.${now}`],
      },
    });
    work.problems.push(...problems);
  }
}

function isGone({ scope }: GuardPorts, found: Finding, hold: string): boolean {
  switch (found.kind) {
    case 'fine':
    case 'unrecorded-change':
      return true;
    case 'held-release-back':
    case 'still-live':
      return holdName(scope, found.held) !== hold;
    case 'rollback-running':
    case 'unreadable':
      return false;
    default:
      return found satisfies never;
  }
}

/** The hold's own incident while it is open; else one that belongs to the hold, opened if need be. */
async function findPlace(work: GuardWork, found: BroughtBack, hold: string): Promise<string> {
  const { ports, memory, reading } = work;
  const { target, tag, held } = found;
  const isOpen = (id: string): boolean =>
    reading.incidents?.some((one) => one.id === id && one.status === 'open') ?? false;
  const own = held.hold?.incident;
  // Without the journal nobody can tell; a hold that is in force is more likely of open trouble.
  if (own !== undefined && (reading.incidents === undefined || isOpen(own))) return own;
  const incident = guardIncident(hold);
  const number = memory.occurrences.filter((one) => one.hold === hold).length;
  if (isOpen(incident)) return incident;
  const reason = `${tag} is back on ${target}, and it is held`;
  const about = { actor: guardActor(ports), reason, rule: GUARD_RULE };
  await openIncident(ports, incident, about, `opened/${number}`).catch((error: unknown) => {
    if (!isConflict(error)) work.problems.push(describeCause(error));
  });
  return incident;
}

function whatToDo({ reading }: GuardWork, { expected }: BroughtBack, incident: string): string {
  const { rollbacks } = reading.situation;
  const isUnfinished = rollbacks.some((one) => one.incident === incident && !one.ended);
  if (isUnfinished) return `backout incident resume ${incident}`;
  if (expected === undefined) return 'backout assess';
  return `backout rollback application --to ${expected} --incident ${incident}`;
}

/** A statement that somebody else made first in other words stands. */
async function write({ ports, problems }: GuardWork, entry: Entry): Promise<void> {
  try {
    await record(ports, entry);
  } catch (error) {
    if (!isConflict(error)) problems.push(`Not recorded: ${describeCause(error)}`);
  }
}
