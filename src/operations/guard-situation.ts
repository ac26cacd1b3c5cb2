import { describeCause } from '../model/error.ts';
import { foldSteps } from '../model/execution.ts';
import type { GuardSituation, KnownRollback } from '../model/guard.ts';
import { guardIncident, holdName, type Occurrence } from '../model/guard-record.ts';
import { type Incident, isMaintenance } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import { targetResource } from '../model/lease.ts';
import type { Said } from '../model/live.ts';
import { isHeld, type Release, type Tag } from '../model/release.ts';
import { timestamp, within } from '../ports/clock.ts';
import type { LiveRelease } from '../ports/target.ts';
import type { GuardPorts } from './guard-ports.ts';
import { listBegun, stateOf } from './last-move.ts';
import { nameParts, readTargets, sayings } from './live-state.ts';

/** Longest wait for each store; all are asked side by side. In milliseconds. */
const STORE_CAP_MS = 10_000;
/** Incidents whose entries are read in one look: more are not open at once. */
const MOST_INCIDENTS = 20;

/** What one guard process knows from one look to the next; another one starts without it. */
export interface GuardMemory {
  /** By target: the last release without a hold that was seen there. */
  before: Map<string, { tag: string; at: string }>;
  /** By what cannot be read: since when, for how many looks, and whether people were told. */
  blind: Map<string, { looks: number; since: string; told: boolean }>;
  /** Keys of messages that reached somebody, and of notes that were written. */
  told: Set<string>;
  /** Occurrences as the journal told of them last, for the time when it cannot be read. */
  occurrences: readonly Occurrence[];
  /** The record as it was read last, for the time when it cannot be. */
  record?: { releases: Release[]; at: string };
}

export function newMemory(): GuardMemory {
  return { before: new Map(), blind: new Map(), told: new Set(), occurrences: [] };
}

/** What was read, side by side, at one moment. */
export interface Reading {
  situation: GuardSituation;
  /** Undefined when the journal cannot be read. */
  incidents: readonly Incident[] | undefined;
  /** Of the open incidents, and of those of the holds whose release is live. */
  entries: readonly JournalEntry[];
  /** False when the record of releases is not known, not even from before. */
  recorded: boolean;
  /** Stores that cannot be read, with the reason. */
  away: { what: string; problem: string }[];
}

/**
 * Reads targets, record, leases and journal. Never throws: what cannot be read is said. While the
 * record is away, the last one that was read stands for it: holds are put there first, and a release
 * that was held a minute ago is no less bad because its database is down.
 */
export async function readSituation(ports: GuardPorts, memory: GuardMemory): Promise<Reading> {
  const { clock, scope, releases: records, leases: store, journal } = ports;
  const away: Reading['away'] = [];
  const ask = async <T>(what: string, question: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await within(clock, STORE_CAP_MS, question);
    } catch (error) {
      away.push({ what, problem: describeCause(error) });
      return undefined;
    }
  };
  const names = ports.targets.map(({ name }) => name);
  const resources = new Map(names.map((name) => [targetResource(scope, name), name]));
  const [said, list, leases, incidents] = await Promise.all([
    readTargets(ports),
    ask('the record of releases', () => records.list(scope)),
    ask('the leases', () => store.inspect([...resources.keys()])),
    ask('the journal', () => journal.incidents(scope)),
  ]);
  if (list !== undefined) memory.record = { releases: list, at: timestamp(clock) };
  const releases = list ?? memory.record?.releases;
  const { tags: readTags } = ports;
  const byRecord = nameParts(said, { tags: [], releases: releases ?? [] });
  const isAsked = sayings(byRecord).some((one) => lacksCommit(one, releases ?? []));
  const tags = isAsked && readTags !== undefined ? await ask('the tags of git', readTags) : [];
  const targets = nameParts(said, { tags: tags ?? [], releases: releases ?? [] }).map((one) => ({
    ...one,
    live: withCommit(one.live, releases ?? [], tags ?? []),
  }));
  const live = new Set(targets.flatMap((one) => (one.live.known ? [one.live.tag] : [])));
  const unfinished = memory.occurrences.filter(({ until }) => until === undefined);
  const wanted = [
    ...new Set([
      ...unfinished.map(({ incident }) => incident),
      ...incidentsToRead(ports, incidents ?? [], releases ?? [], live),
    ]),
  ];
  const read = await Promise.all(
    wanted.map((id) => ask('the journal', () => journal.read(scope, id))),
  );
  const entries = read.flatMap((some) => some ?? []);
  return {
    situation: {
      targets,
      releases: releases ?? [],
      rollbacks: rollbacksIn(entries),
      busy: new Map(
        (leases ?? []).flatMap((lease) => {
          const name = resources.get(lease.resource);
          return name === undefined ? [] : [[name, lease] as const];
        }),
      ),
      before: memory.before,
    },
    incidents: away.some(({ what }) => what === 'the journal') ? undefined : incidents,
    entries,
    recorded: releases !== undefined,
    away,
  };
}

/** Neither the target nor the record says which commit it is: it may be one that is held. */
function lacksCommit({ tag, commit }: Said, releases: readonly Release[]): boolean {
  return commit === undefined && !releases.some((one) => one.tag === tag);
}

function withCommit(live: LiveRelease, releases: readonly Release[], tags: readonly Tag[]) {
  if (!live.known || !lacksCommit(live, releases)) return live;
  const commit = tags.find(({ name }) => name === live.tag)?.commit;
  return commit === undefined ? live : { ...live, commit };
}

/** The open ones, and those in which the holds of what is live have their story. */
function incidentsToRead(
  { scope }: GuardPorts,
  incidents: readonly Incident[],
  releases: readonly Release[],
  live: ReadonlySet<string>,
): string[] {
  const commits = new Set(releases.flatMap(({ tag, commit }) => (live.has(tag) ? [commit] : [])));
  const concerned = releases
    .filter((one) => isHeld(one) && (live.has(one.tag) || commits.has(one.commit)))
    .flatMap((one) => [one.hold?.incident, guardIncident(holdName(scope, one))]);
  const isWanted = (one: Incident): boolean =>
    concerned.includes(one.id) || (one.status === 'open' && !isMaintenance(one));
  return incidents
    .filter(isWanted)
    .slice(0, MOST_INCIDENTS)
    .map(({ id }) => id);
}

/** The rollbacks of level application in the entries of several incidents, oldest first. */
export function rollbacksIn(entries: readonly JournalEntry[]): KnownRollback[] {
  const byIncident = Map.groupBy(entries, ({ incident }) => incident);
  return [...byIncident]
    .flatMap(([incident, own]) =>
      listBegun(own)
        .filter(({ plan }) => plan.level === 'application')
        .map((begun): KnownRollback => {
          const { id, plan } = begun;
          const first = own.find(({ data }) => data['execution'] === id);
          const records = foldSteps(plan, id, own);
          const deployed = plan.steps.flatMap(({ id: step, action }) => {
            const known = records.get(step);
            if (action.kind !== 'deploy' || known?.state !== 'ended') return [];
            const { result } = known;
            return result.outcome === 'done' ? [[action.target, result.verified_at] as const] : [];
          });
          return {
            incident,
            execution: id,
            actor: first?.actor ?? 'somebody',
            startedAt: first?.at ?? '',
            ...(plan.from === undefined ? {} : { from: plan.from }),
            ...(plan.to === undefined ? {} : { to: plan.to }),
            ...(plan.undoes === undefined ? {} : { isReturn: true }),
            ended: stateOf(begun) !== 'open',
            deployed: Object.fromEntries(deployed),
          };
        }),
    )
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}
