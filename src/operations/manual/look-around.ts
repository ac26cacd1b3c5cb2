import { describeCause } from '../../model/error.ts';
import type { SafeOverride } from '../../model/flags.ts';
import { type Incident, isMaintenance } from '../../model/incident.ts';
import { judgeEligibility, lastKnownGood } from '../../model/eligibility.ts';
import { commitOfLive } from '../../model/live.ts';
import { heldBy, type Release, type ReleaseDetails, type Tag } from '../../model/release.ts';
import { compareVersions } from '../../model/version.ts';
import { within } from '../../ports/clock.ts';
import { chooseRelease, requireNotRolledBack } from '../choose-release.ts';
import { findLastMove, type LastMove } from '../last-move.ts';
import {
  agreedRelease,
  describeMixed,
  type LivePart,
  nameParts,
  presumedLive,
  readTargets,
  sayings,
} from '../live-state.ts';
import type { OperationPorts } from '../operation-ports.ts';
import { requireNotHalfDone } from '../unfinished.ts';
import type { ManualCandidate, ManualRelease } from './facts.ts';

/** Longest wait for anything; all are asked side by side, and a person waits for the text. */
const LOOK_CAP_MS = 1_500;

/** What of the situation can be seen from here, in a moment. */
export interface Surroundings {
  running: SafeOverride | undefined;
  live: string | undefined;
  release: ManualRelease | undefined;
  /** Whether the live release is recorded; undefined when that cannot be read. */
  liveIsRecorded: boolean | undefined;
  /** What could not be read, as sentences. */
  unknown: string[];
}

type Ports = Pick<
  OperationPorts,
  'scope' | 'clock' | 'flags' | 'targets' | 'releases' | 'repository' | 'journal'
>;

/** Level flags: only whether the safe state is on already. Never throws. */
export async function lookAtFlags(
  ports: Pick<Ports, 'clock' | 'flags'>,
): Promise<Pick<Surroundings, 'running' | 'unknown'>> {
  const flags = await tryTo(ports, () => ports.flags.read());
  if (!flags.known) {
    return { running: undefined, unknown: [`Whether the safe state is on: ${flags.problem}`] };
  }
  const whole = flags.value.overrides.filter(
    (one): one is SafeOverride => one.mode === 'safe' && one.groups === undefined,
  );
  return { running: whole.toSorted((a, b) => (a.since < b.since ? 1 : -1))[0], unknown: [] };
}

/**
 * Level application: also which release to go back to. Waits 1.5 s at most. A release is chosen only
 * where the records can be read, for a hold that cannot be seen is no release that may be deployed;
 * otherwise a person is offered the tags below the live one.
 * @param wanted a release that a person names, and how many to offer
 * @throws BackoutError for a named release, as `rollback --to`; E_ALREADY_ROLLED_BACK
 */
export async function lookAround(
  ports: Ports,
  wanted: { named: string | undefined; offered: number },
): Promise<Surroundings> {
  const [flags, said, tags, releases, journal] = await Promise.all([
    lookAtFlags(ports),
    readTargets(ports, LOOK_CAP_MS),
    tryTo(ports, () => ports.repository.tags()),
    tryTo(ports, () => ports.releases.list(ports.scope)),
    readJournal(ports),
  ]);
  const records = {
    tags: tags.known ? tags.value : [],
    releases: releases.known ? releases.value : [],
  };
  const targets = nameParts(said, records);
  const unknown = [...flags.unknown];
  const mixed = describeMixed(targets);
  if (mixed !== undefined) unknown.push(mixed);
  const live = agreedRelease(targets);
  const liveCommit = commitOfLive(live, sayings(targets), records);
  const presumed = presumedLive(targets, records);
  const found = { live, liveCommit, presumed, targets, ...records };
  if (!tags.known) {
    // What was named has to be looked up, and cannot be.
    if (wanted.named !== undefined) throw tags.error;
    unknown.push(`The release tags: ${tags.problem}`);
  }
  if (!releases.known) unknown.push(`Which releases are good or held: ${releases.problem}`);
  requireNotHalfDone({ ...found, ...journal }, wanted.named);
  if (wanted.named === undefined) requireNotRolledBack({ ...found, ...journal });
  return {
    running: flags.running,
    live,
    release: decide(found, wanted, releases.known),
    liveIsRecorded: releases.known ? found.releases.some(({ tag }) => tag === live) : undefined,
    unknown,
  };
}

/** What is going on as far as it can be read; what cannot be read is as if it were not there. */
async function readJournal(
  ports: Ports,
): Promise<{ openIncidents: Incident[]; lastMove: LastMove | undefined }> {
  const reading = tryTo(ports, async () =>
    (await ports.journal.incidents(ports.scope)).filter(
      (one) => one.status === 'open' && !isMaintenance(one),
    ),
  );
  const [incidents, lastMove] = await Promise.all([
    reading,
    // Its time runs from now, too: where the second answer is late, the first one still counts.
    tryTo(ports, async () => {
      const found = await reading;
      return found.known ? await findLastMove(ports, found.value) : undefined;
    }),
  ]);
  return {
    openIncidents: incidents.known ? incidents.value : [],
    lastMove: lastMove.known ? lastMove.value : undefined,
  };
}

interface Found {
  live: string | undefined;
  /** The commit that runs as it. */
  liveCommit: string | undefined;
  presumed: string | undefined;
  targets: LivePart[];
  tags: Tag[];
  releases: Release[];
}

function decide(
  found: Found,
  { named, offered }: { named: string | undefined; offered: number },
  recordsKnown: boolean,
): ManualRelease {
  const { presumed, targets, tags, releases } = found;
  const liveCommit = commitOfLive(presumed, sayings(targets), { tags, releases });
  const surroundings = { releases, tags, live: presumed, liveCommit };
  const knownGood = lastKnownGood(surroundings);
  if (named !== undefined) {
    const recorded = releases.find((one) => one.tag === named);
    const judged = judgeEligibility({ name: named, release: recorded }, surroundings);
    const candidate = { tag: named, commit: undefined, release: recorded, ...judged };
    // What is only presumed to be live may be asked for, as in a rollback.
    const candidates = named === presumed ? [] : [candidate];
    const { tag, commit } = chooseRelease({ ...found, knownGood, candidates }, named);
    const proven = recorded?.status === 'good';
    return { kind: 'named', tag, commit, proven, ...artefactsOf(recorded) };
  }
  const { release } = knownGood;
  if (release !== undefined) {
    const { tag, commit } = release;
    return { kind: 'known-good', tag, commit, ...artefactsOf(release) };
  }
  const why = recordsKnown
    ? 'no release is recorded as good.'
    : 'which releases are good or held cannot be read from here.';
  return { kind: 'choose', why, candidates: candidatesOf(found).slice(0, offered) };
}

function artefactsOf(release: Release | undefined): Pick<ReleaseDetails, 'artefacts'> {
  const artefacts = release?.details?.artefacts;
  return artefacts === undefined ? {} : { artefacts };
}

/** Releases below the live one, newest first, without those that are known to be bad. */
function candidatesOf({ live, liveCommit, tags, releases }: Found): ManualCandidate[] {
  const current = tags.find(({ name }) => name === live);
  return tags
    .filter(({ version, commit, name }) => {
      const recorded = releases.find((one) => one.tag === name);
      if (heldBy(releases, { tag: name, commit }) !== undefined) return false;
      if (recorded !== undefined && recorded.commit !== commit) return false;
      if (version.prerelease && current?.version.prerelease !== true) return false;
      if (name === live || commit === liveCommit) return false;
      return current === undefined || compareVersions(version, current.version) < 0;
    })
    .map(({ name, commit, at }) => ({ tag: name, commit, at }));
}

type Tried<T> = { known: true; value: T } | { known: false; problem: string; error: unknown };

async function tryTo<T>(
  { clock }: Pick<Ports, 'clock'>,
  question: () => Promise<T>,
): Promise<Tried<T>> {
  try {
    return { known: true, value: await within(clock, LOOK_CAP_MS, question) };
  } catch (error) {
    return { known: false, problem: describeCause(error), error };
  }
}
