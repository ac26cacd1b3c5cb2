import type { Deployment } from '../model/deployment.ts';
import type { Drift } from '../model/drift.ts';
import { describeCause } from '../model/error.ts';
import { type Incident, isMaintenance } from '../model/incident.ts';
import type { Level } from '../model/level.ts';
import {
  type Eligibility,
  type Evidence,
  judgeEligibility,
  type KnownGood,
  type KnownGoodInput,
  lastKnownGood,
  newestFirst,
} from '../model/eligibility.ts';
import type { Release, Tag } from '../model/release.ts';
import { compareVersions } from '../model/version.ts';
import type { StillOff } from '../model/still-off.ts';
import type { LiveRelease } from '../ports/target.ts';
import { within } from '../ports/clock.ts';
import { gatherEvidence } from './gather-evidence.ts';
import type { OperationPorts } from './operation-ports.ts';
import { findInDeployments, readDeployments } from './read-deployments.ts';
import { readStillOff } from './still-off.ts';

const TARGET_CAP_MS = 10_000;
/** Longest wait for the repository, the records and the journal; all are asked side by side. */
const STORE_CAP_MS = 10_000;
const COMMITS_SHOWN = 20;

/** A release with everything that speaks against going back to it. */
export interface Candidate extends Eligibility {
  tag: string;
  commit: string | undefined;
  release: Release | undefined;
}

export interface Assessment {
  /** What each target says, in their order. */
  targets: { name: string; live: LiveRelease }[];
  /** The release that is live; undefined when the targets do not say, or do not agree. */
  live: string | undefined;
  tags: Tag[];
  releases: Release[];
  knownGood: KnownGood;
  /** What can be gone back to, or cannot: recorded ones by when they were live, then mere tags. */
  candidates: Candidate[];
  /** Commits that a rollback to the last known good takes away, newest first, at most 20. */
  commits: { commit: string; subject: string }[];
  openIncidents: Incident[];
  stillOff: StillOff;
  /** Deployments that are going on where pipelines run; empty also when nobody can be asked. */
  deploying: Deployment[];
  /** Where targets, record, git and pipelines do not say the same. */
  drift: Drift[];
  recommended: { level: Level | undefined; why: string; command: string | undefined };
  /** What could not be found out. */
  problems: string[];
}

/**
 * Where we are, and where we could go back to. Changes nothing.
 * @param purpose for a `plan`, tags and records have to be readable: a hold that cannot be seen is
 * no release that may be deployed. In a `report`, what cannot be read is named.
 * @param named the release that a person names: then it is looked at, and nothing else
 * @throws for a plan, what the repository or the records throw
 */
export async function assess(
  ports: OperationPorts,
  purpose: 'report' | 'plan' = 'report',
  named?: string,
): Promise<Assessment> {
  const problems: string[] = [];
  // A plan must not wait for where pipelines run: it is made when that is down, too.
  const reading = readDeployments(purpose === 'report' ? ports : { clock: ports.clock }, problems);
  const orElse = async <T>(question: () => Promise<T>, fallback: T): Promise<T> =>
    await within(ports.clock, STORE_CAP_MS, question).catch((error: unknown) => {
      problems.push(describeCause(error));
      return fallback;
    });
  const needed: typeof orElse =
    purpose === 'report' ? orElse : (question) => within(ports.clock, STORE_CAP_MS, question);
  const [targets, tags, releases, incidents, stillOff] = await Promise.all([
    readTargets(ports),
    needed(() => ports.repository.tags(), []),
    needed(() => ports.releases.list(ports.scope), []),
    orElse(() => ports.journal.incidents(ports.scope), []),
    readStillOff(ports),
  ]);
  problems.push(...stillOff.problems);
  const live = agreedRelease(targets, problems);
  const { deployed, deploying, drift } = findInDeployments(
    await reading,
    { targets, tags, releases },
    ports.clock.now(),
  );
  const input: KnownGoodInput = {
    ...ports.facts.eligibility,
    releases,
    tags,
    deployed,
    live: live ?? newestRecorded(releases),
  };
  const { knownGood, candidates } = await lookAtCandidates(ports, input, purpose, named);
  const from = tags.find(({ name }) => name === live)?.commit;
  const to = knownGood.release?.commit;
  const commits =
    from === undefined || to === undefined
      ? []
      : await orElse(() => ports.repository.commitsBetween(to, from, COMMITS_SHOWN), []);
  const openIncidents = incidents.filter((one) => one.status === 'open' && !isMaintenance(one));
  const recommended = recommend(stillOff, live, { knownGood, releases, openIncidents });
  return {
    targets,
    live,
    tags,
    releases,
    knownGood,
    candidates,
    commits,
    openIncidents,
    stillOff,
    deploying,
    drift,
    recommended,
    problems,
  };
}

/** Releases that a report looks at, where nobody says: what is asked about each takes a second. */
const LOOKED_AT = 5;

/** Asks about releases until the last known good stands, and in a report about the others too. */
async function lookAtCandidates(
  ports: OperationPorts,
  input: KnownGoodInput,
  purpose: 'report' | 'plan',
  named: string | undefined,
): Promise<Pick<Assessment, 'knownGood' | 'candidates'>> {
  const { tags, releases, live } = input;
  const evidence = new Map<string, Evidence>();
  const evidenceOf = (tag: string): Evidence | undefined => evidence.get(tag);
  const liveCommit = tags.find(({ name }) => name === live)?.commit;
  const ask = async (name: string): Promise<void> => {
    const release = releases.find(({ tag }) => tag === name);
    const commit = release?.commit ?? tags.find((tag) => tag.name === name)?.commit;
    if (commit === undefined) return;
    const about = { tag: name, commit, details: release?.details };
    evidence.set(name, await gatherEvidence(ports, about, liveCommit));
  };
  const names =
    named === undefined
      ? listNames(input).slice(0, ports.facts.eligibility?.candidates ?? LOOKED_AT)
      : [named].filter((tag) => tag !== live);
  if (purpose === 'report' || named !== undefined) await Promise.all(names.map(ask));
  let knownGood = lastKnownGood({ ...input, evidenceOf });
  // What speaks against the newest good one makes the next one the last known good: ask that too.
  for (;;) {
    const next = named === undefined ? knownGood.release?.tag : undefined;
    if (next === undefined || evidence.has(next)) break;
    await ask(next);
    knownGood = lastKnownGood({ ...input, evidenceOf });
  }
  const shown = purpose === 'report' ? names : [...evidence.keys()];
  const candidates = shown.map((tag): Candidate => {
    const release = releases.find((one) => one.tag === tag);
    const commit = release?.commit ?? tags.find(({ name }) => name === tag)?.commit;
    const judged = judgeEligibility({ name: tag, release }, input, evidenceOf(tag));
    return { tag, commit, release, ...judged };
  });
  return { knownGood, candidates };
}

/** Recorded releases by when they were live, then older tags that nobody recorded: deployed ones first. */
function listNames({ releases, tags, live, deployed }: KnownGoodInput): string[] {
  const recorded = newestFirst({ releases, tags }).map(({ tag }) => tag);
  const liveVersion = tags.find(({ name }) => name === live)?.version;
  const others = tags.flatMap(({ name, version }) => {
    const isOlder = liveVersion === undefined || compareVersions(version, liveVersion) < 0;
    return isOlder && !recorded.includes(name) ? [name] : [];
  });
  const known = others.filter((name) => deployed?.has(name) === true);
  return [...new Set([...recorded, ...known, ...others])].filter((name) => name !== live);
}

/** The release that is live, for the words of a message; undefined when the targets do not say. */
export async function assessLive(ports: Pick<OperationPorts, 'targets' | 'clock'>) {
  return agreedRelease(await readTargets(ports), []);
}

/**
 * What each target says is live. Never throws: what cannot be read is `known: false`.
 * @param capMs longest wait, in milliseconds; left out: 10 s, and as long as a target says it needs
 */
export async function readTargets(
  ports: Pick<OperationPorts, 'targets' | 'clock'>,
  capMs?: number,
): Promise<Assessment['targets']> {
  return await Promise.all(
    ports.targets.map(async (target) => {
      const live = await within(
        ports.clock,
        capMs ?? Math.max(TARGET_CAP_MS, target.readMs ?? 0),
        (signal) => target.current(signal),
      ).catch((error: unknown): LiveRelease => ({ known: false, problem: describeCause(error) }));
      return { name: target.name, live };
    }),
  );
}

/** When no target says what is live, what went live last stands for it: it may be the bad one. */
export function newestRecorded(releases: readonly Release[]): string | undefined {
  return releases.toSorted((a, b) => (a.deployedAt < b.deployedAt ? 1 : -1))[0]?.tag;
}

export function agreedRelease(
  targets: Assessment['targets'],
  problems: string[],
): string | undefined {
  const said = new Set<string>();
  for (const { name, live } of targets) {
    if (live.known) said.add(live.tag);
    else problems.push(`${name} does not say what is live: ${live.problem}`);
  }
  if (said.size > 1) problems.push(`The targets run different releases: ${[...said].join(', ')}.`);
  return said.size === 1 ? [...said][0] : undefined;
}

function recommend(
  off: StillOff,
  live: string | undefined,
  {
    knownGood,
    releases,
    openIncidents,
  }: Pick<Assessment, 'knownGood' | 'releases' | 'openIncidents'>,
): Assessment['recommended'] {
  const { release } = knownGood;
  if (off.incidents.length === 0) {
    return {
      level: 'flags',
      why:
        off.problems.length === 0
          ? 'The safe state is off. It takes seconds and undoes nothing.'
          : 'Whether the safe state is on cannot be read. Asking for it again undoes nothing.',
      command: 'backout emergency --reason "…"',
    };
  }
  // Rolled back in this incident already: the next thing is the way up, not a still older release.
  if (isRolledBack({ live, releases, openIncidents })) {
    return {
      level: undefined,
      why: `${live} is back since this incident began. When the service is well: recover.`,
      command:
        off.breakers.length > 0
          ? 'backout breakers reset'
          : 'backout flags lift --by NAME --reason "…"',
    };
  }
  if (release === undefined) {
    return {
      level: undefined,
      why: 'The safe state is on, and no other release is known to be good.',
      command: undefined,
    };
  }
  return {
    level: 'application',
    why: `The safe state is on. If it does not help, go from ${live ?? 'what is live'} to ${release.tag}.`,
    command: 'backout rollback application',
  };
}

/** Whether what is live came back during an incident that is still open. */
export function isRolledBack({
  live,
  releases,
  openIncidents,
}: Pick<Assessment, 'live' | 'releases' | 'openIncidents'>): boolean {
  return releases.some(
    ({ tag, status, deployedAt }) =>
      tag === live && status === 'good' && openIncidents.some((one) => one.openedAt < deployedAt),
  );
}
