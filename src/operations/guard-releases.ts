import { type Finding, judgeTargets } from '../model/guard.ts';
import { holdName, type Occurrence, occurrencesIn } from '../model/guard-record.ts';
import { guardLookResource, LOOKED_MS } from '../model/lease.ts';
import { isHeld } from '../model/release.ts';
import type { Verdict } from '../model/verdict.ts';
import { timestamp, within } from '../ports/clock.ts';
import { reportBlind, reportUnrecorded } from './guard-blind.ts';
import { type ReportedBack, reportBack, reportGone } from './guard-occurrences.ts';
import type { GuardPorts } from './guard-ports.ts';
import { type GuardMemory, type Reading, readSituation } from './guard-situation.ts';

/** Longest wait for the note that somebody looked. In milliseconds. */
const LOOKED_CAP_MS = 2_000;

/** What one look found, and what was done about it. */
export interface GuardLook {
  /** ISO 8601 UTC. */
  at: string;
  verdict: Verdict;
  findings: Finding[];
  /** For each held release that is back. */
  back: ReportedBack[];
  /** What could not be read, recorded or told. */
  problems: string[];
}

/**
 * Looks once whether a held release is back, and says so: in the journal, then to people, once per
 * occurrence. Changes nothing in production.
 *
 * What would be an alarm is read a second time before it is one. Targets and record are read side by
 * side, and a rollback may do its last steps between the two: then the target was read before it and
 * the record after it, and only a second look at the target shows that the release has left.
 *
 * @param memory of this process; a new one finds out again what it needs
 */
export async function lookAtReleases(ports: GuardPorts, memory: GuardMemory): Promise<GuardLook> {
  const first = await readSituation(ports, memory);
  const before = judge(first);
  let reading = first;
  let findings = before;
  if (before.some((found) => isNews(ports, memory, first, found))) {
    reading = await readSituation(ports, memory);
    findings = judge(reading).map((found, index) => {
      const earlier = before[index] ?? found;
      const isSure = found.kind !== 'held-release-back' || earlier.kind === found.kind;
      return isSure ? found : earlier;
    });
  }
  if (reading.incidents !== undefined) memory.occurrences = occurrencesIn(reading.entries);
  const problems = reading.away.map(({ what, problem }) => `${what} cannot be read: ${problem}`);
  const work = { ports, memory, reading, problems };
  const back: ReportedBack[] = [];
  for (const found of findings) {
    if (found.kind === 'held-release-back') back.push(await reportBack(work, found));
  }
  await reportGone(work, findings);
  await reportUnrecorded(work, findings);
  await reportBlind(work, findings);
  remember(memory, reading, findings, timestamp(ports.clock));
  await noteLook(ports);
  return {
    at: timestamp(ports.clock),
    verdict: verdictOf(findings, reading),
    findings,
    back,
    problems: [...new Set(problems)],
  };
}

function judge({ situation, recorded, away }: Reading): Finding[] {
  if (recorded) return judgeTargets(situation);
  const why = away.map(({ what, problem }) => `${what} cannot be read (${problem})`).join('; ');
  return situation.targets.map(({ name, live }) => {
    const runs = live.known ? `runs ${live.tag}` : `cannot tell what is live: ${live.problem}`;
    return { kind: 'unreadable', target: name, text: `${runs}; ${why}` };
  });
}

function isNews(ports: GuardPorts, memory: GuardMemory, reading: Reading, found: Finding): boolean {
  if (found.kind !== 'held-release-back') return false;
  const hold = holdName(ports.scope, found.held);
  const known: readonly Occurrence[] =
    reading.incidents === undefined ? memory.occurrences : occurrencesIn(reading.entries);
  return !known.some(
    (one) => one.target === found.target && one.hold === hold && one.until === undefined,
  );
}

/** Proven trouble counts more than what nobody knows: it is the one thing to act on. */
function verdictOf(findings: readonly Finding[], { away }: Reading): Verdict {
  if (findings.some(({ kind }) => kind === 'held-release-back')) return 'failed';
  const isBlind = away.length > 0 || findings.some(({ kind }) => kind === 'unreadable');
  return isBlind || findings.length === 0 ? 'inconclusive' : 'passed';
}

/** What a target ran without a hold is kept: a release that comes back later had left it. */
function remember(
  memory: GuardMemory,
  { situation }: Reading,
  findings: readonly Finding[],
  at: string,
): void {
  for (const found of findings) {
    if (found.kind === 'unreadable' || found.kind === 'still-live') continue;
    if (found.kind === 'held-release-back') continue;
    const { target, tag } = found;
    if (situation.releases.some((one) => one.tag === tag && isHeld(one))) continue;
    memory.before.set(target, { tag, at });
  }
}

/** So that others can say when somebody looked last. It is no harm when nobody can. */
async function noteLook({ clock, leases, scope }: GuardPorts): Promise<void> {
  const request = {
    resources: [guardLookResource(scope)],
    holder: 'guard',
    incident: 'guard',
    ttlMs: LOOKED_MS,
  };
  await within(clock, LOOKED_CAP_MS, () => leases.acquire(request)).catch(() => undefined);
}
