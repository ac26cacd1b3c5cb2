import { describeCause } from '../model/error.ts';
import type { BroughtBack, GuardSituation } from '../model/guard.ts';
import type { Incident } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import { within } from '../ports/clock.ts';
import type { TargetChange } from '../ports/target.ts';
import type { GuardPorts } from './guard-ports.ts';
import { rollbacksIn } from './guard-situation.ts';

/** Longest wait for each source. In milliseconds. */
const SOURCE_CAP_MS = 5_000;
/** A target asks programs or platforms, as it does for what is live. */
const TARGET_CAP_MS = 10_000;
/** Incidents since the hold that are looked through for a rollback of ours. */
const MOST_INCIDENTS = 20;
/** Longest text of somebody else's that is passed on, in characters. */
const LONGEST = 200;

/** Who or what brought a release back, as far as anybody knows. */
export interface Account {
  /** Whether anybody is named. */
  named: boolean;
  /** A sentence for each source that knows something; if none does, one that says so. */
  lines: string[];
}

/** Asks everybody who may know, side by side, each with its own cap. Never throws. */
export async function askWho(
  ports: GuardPorts,
  found: BroughtBack,
  { releases, before }: Pick<GuardSituation, 'releases' | 'before'>,
  incidents: readonly Incident[],
): Promise<Account> {
  const { clock, history = [] } = ports;
  const { target: name, tag, held } = found;
  const since = held.hold?.at ?? held.deployedAt;
  const target = ports.targets.find((one) => one.name === name);
  const question = { target: name, tag, commit: held.commit, since };
  const ask = async (
    source: string,
    changes: (signal: AbortSignal) => Promise<TargetChange[]>,
    capMs = SOURCE_CAP_MS,
  ): Promise<{ named: boolean; lines: string[] }> => {
    try {
      const known = await within(clock, capMs, changes);
      return {
        named: known.some(({ by }) => by !== undefined),
        lines: known.map((one) => `${source}: ${describeChange(one)}.`),
      };
    } catch (error) {
      return { named: false, lines: [`${source} could not be asked: ${describeCause(error)}`] };
    }
  };
  const askTarget = async (signal: AbortSignal): Promise<TargetChange[]> => {
    const change = await target?.lastChange?.(signal);
    return change === undefined ? [] : [change];
  };
  const answers = await Promise.all([
    ask('The journal', () => ours(ports, found, since, incidents)),
    ask('The record', () => Promise.resolve(recorded(releases, tag, since))),
    ask(`${name} itself`, askTarget, Math.max(TARGET_CAP_MS, target?.readMs ?? 0)),
    ...history.map((one) => ask(one.name, (signal) => one.changes(question, signal))),
  ]);
  const lines = answers.flatMap((answer) => answer.lines);
  if (answers.some(({ named }) => named)) return { named: true, lines };
  const seen = before.get(name);
  const when = seen === undefined ? '' : `, some time after ${seen.at}, when ${seen.tag} ran there`;
  return { named: false, lines: [...lines, `Who did it is not known${when}.`] };
}

/** A rollback of ours that led to it: forward again, or of another incident. */
async function ours(
  { journal, scope }: GuardPorts,
  { held, target }: BroughtBack,
  since: string,
  incidents: readonly Incident[],
): Promise<TargetChange[]> {
  const recent = incidents
    .filter(({ status, closedAt }) => status === 'open' || (closedAt ?? since) >= since)
    .slice(0, MOST_INCIDENTS);
  const read = await Promise.all(recent.map(({ id }) => journal.read(scope, id)));
  const entries: JournalEntry[] = read.flat();
  return rollbacksIn(entries).flatMap(({ to, deployed, actor, incident }) => {
    const at = deployed[target];
    if (to !== held.tag || at === undefined || at < since) return [];
    return [{ at, by: actor, how: `a rollback of incident ${incident}` }];
  });
}

function recorded(
  releases: GuardSituation['releases'],
  tag: string,
  since: string,
): TargetChange[] {
  const release = releases.find((one) => one.tag === tag);
  if (release === undefined || release.deployedAt <= since) return [];
  const by = release.details?.actor;
  const how = 'recorded as deployed';
  return [{ at: release.deployedAt, how, ...(by === undefined ? {} : { by }) }];
}

function describeChange({ at, by, how }: TargetChange): string {
  const parts = [
    how === undefined ? 'changed' : how.slice(0, LONGEST),
    ...(by === undefined ? [] : [`by ${by.slice(0, LONGEST)}`]),
    ...(at === undefined ? [] : [`at ${at}`]),
  ];
  return parts.join(' ');
}
