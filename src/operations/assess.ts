import type { Deployment } from '../model/deployment.ts';
import type { Drift } from '../model/drift.ts';
import { describeCause } from '../model/error.ts';
import { type Incident, isMaintenance } from '../model/incident.ts';
import type { Level } from '../model/level.ts';
import {
  type Eligibility,
  type Evidence,
  firstKnownGood,
  judgeEligibility,
  type KnownGood,
  type KnownGoodInput,
  lastKnownGood,
  newestFirst,
} from '../model/eligibility.ts';
import { commitOfLive, tagOfLiveMoved } from '../model/live.ts';
import type { Release, Tag } from '../model/release.ts';
import { compareVersions } from '../model/version.ts';
import type { StillOff } from '../model/still-off.ts';
import { within } from '../ports/clock.ts';
import { evidenceUnasked, gatherEvidence } from './gather-evidence.ts';
import { findLastMove, type LastMove } from './last-move.ts';
import {
  agreedRelease,
  describeMixed,
  type LivePart,
  nameParts,
  presumedLive,
  readTargets,
  sayings,
} from './live-state.ts';
import type { OperationPorts } from './operation-ports.ts';
import { findInDeployments, readDeployments } from './read-deployments.ts';
import { recommend } from './recommend.ts';
import { describeService, readServiceStates, type ServiceState } from './service-dependencies.ts';
import { readStillOff } from './still-off.ts';

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
  targets: LivePart[];
  /** The release that is live; undefined when a target does not say, or they do not agree. */
  live: string | undefined;
  /** What the others are judged by: `live`, else the newest that any target runs, or that was recorded. */
  presumed: string | undefined;
  /** The commit that runs as it; undefined when nobody knows. */
  liveCommit: string | undefined;
  tags: Tag[];
  releases: Release[];
  knownGood: KnownGood;
  /** What can be gone back to, or cannot: recorded ones by when they were live, then mere tags. */
  candidates: Candidate[];
  /** Commits that a rollback to the last known good takes away, newest first, at most 20. */
  commits: { commit: string; subject: string }[];
  openIncidents: Incident[];
  /** The newest rollback, or return from one, of the open incidents; undefined: none was begun. */
  lastMove: LastMove | undefined;
  /** How the services are that are rolled back before this one. */
  services: ServiceState[];
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
  const requireSome = (tags: Tag[]): Tag[] => {
    if (tags.length === 0) problems.push(noTags(ports.facts.eligibility?.tagPattern));
    return tags;
  };
  const needed: typeof orElse =
    purpose === 'report' ? orElse : (question) => within(ports.clock, STORE_CAP_MS, question);
  const [said, services, readTags, releases, incidents, stillOff] = await Promise.all([
    readTargets(ports),
    readServiceStates(ports),
    needed<Tag[] | undefined>(async () => requireSome(await ports.repository.tags()), undefined),
    needed(() => ports.releases.list(ports.scope), []),
    orElse(() => ports.journal.incidents(ports.scope), []),
    readStillOff(ports),
  ]);
  problems.push(...stillOff.problems);
  for (const one of services) if (one.state === 'unknown') problems.push(describeService(one));
  const tags = readTags ?? [];
  const history = { tags, releases };
  const targets = nameParts(said, history);
  const live = agreedRelease(targets);
  const mixed = describeMixed(targets);
  if (mixed !== undefined) problems.push(mixed);
  const liveCommit = commitOfLive(live, sayings(targets), history);
  const oddity = tagOfLiveMoved(live, liveCommit, history);
  if (oddity !== undefined) problems.push(oddity);
  const presumed = presumedLive(targets, history);
  const pipelines = findInDeployments(await reading, { targets, ...history }, ports.clock.now());
  const { deployed, deploying, drift } = pipelines;
  const input: KnownGoodInput = {
    ...ports.facts.eligibility,
    releases,
    tags,
    deployed,
    live: presumed,
    liveCommit: commitOfLive(presumed, sayings(targets), history),
    tagsUnread: readTags === undefined,
  };
  const openIncidents = incidents.filter((one) => one.status === 'open' && !isMaintenance(one));
  const [{ knownGood, candidates }, lastMove] = await Promise.all([
    lookAtCandidates(ports, input, purpose, named),
    orElse(() => findLastMove(ports, openIncidents), undefined),
  ]);
  const from = liveCommit;
  const to = knownGood.release?.commit;
  const commits =
    from === undefined || to === undefined
      ? []
      : await orElse(() => ports.repository.commitsBetween(to, from, COMMITS_SHOWN), []);
  const situation = { targets, live, presumed, knownGood, releases, openIncidents, lastMove };
  return {
    targets,
    live,
    presumed,
    liveCommit,
    tags,
    releases,
    knownGood,
    candidates,
    commits,
    openIncidents,
    lastMove,
    services,
    stillOff,
    deploying,
    drift,
    recommended: recommend(stillOff, situation),
    problems,
  };
}

function noTags(pattern: string | undefined): string {
  const fits = pattern === undefined ? '' : `: none fits ${JSON.stringify(pattern)} of backout.yml`;
  return `No git tag is a release${fits}. If there should be some, run \`git fetch --tags\`.`;
}

/** Releases that a report looks at, where nobody says: what is asked about each takes a second. */
const LOOKED_AT = 5;
/**
 * For choosing, in milliseconds: after it nobody is asked about a further release. What was begun
 * is waited for, and that is 3 s at most (gather-evidence.ts).
 */
const CHOOSING_CAP_MS = 10_000;

/** Asks about releases until the last known good stands, and in a report about the others too. */
async function lookAtCandidates(
  ports: OperationPorts,
  input: KnownGoodInput,
  purpose: 'report' | 'plan',
  named: string | undefined,
): Promise<Pick<Assessment, 'knownGood' | 'candidates'>> {
  const { tags, releases, live, liveCommit } = input;
  const evidence = new Map<string, Evidence>();
  const evidenceOf = (tag: string): Evidence | undefined => evidence.get(tag);
  const began = ports.clock.now();
  const ask = async (asked: readonly string[]): Promise<void> => {
    const about = asked.flatMap((name) => {
      const release = releases.find(({ tag }) => tag === name);
      const commit = release?.commit ?? tags.find((tag) => tag.name === name)?.commit;
      return commit === undefined ? [] : [{ tag: name, commit, details: release?.details }];
    });
    const found = await Promise.all(about.map((one) => gatherEvidence(ports, one, liveCommit)));
    for (const [index, one] of found.entries()) evidence.set(about[index]?.tag ?? '', one);
  };
  const most = ports.facts.eligibility?.candidates ?? LOOKED_AT;
  const names =
    named === undefined ? listNames(input).slice(0, most) : [named].filter((tag) => tag !== live);
  if (purpose === 'report' || named !== undefined) await ask(names);
  let knownGood = lastKnownGood({ ...input, evidenceOf });
  // What speaks against the newest good one makes the next one the last known good: ask that too.
  for (;;) {
    const next = named === undefined ? knownGood.release : undefined;
    if (next === undefined || evidence.has(next.tag)) break;
    if (ports.clock.now() - began < CHOOSING_CAP_MS) {
      // Mostly the first one is it. Where its artefact is gone, so are others: several at once.
      const good = firstKnownGood({ ...input, evidenceOf }, evidence.size === 0 ? 1 : LOOKED_AT);
      await ask(good.map(({ tag }) => tag).filter((tag) => !evidence.has(tag)));
    } else {
      const why = `not asked, because looking at newer ones took ${CHOOSING_CAP_MS / 1_000} s`;
      evidence.set(next.tag, evidenceUnasked(ports, next.details, why));
    }
    knownGood = lastKnownGood({ ...input, evidenceOf });
  }
  // A plan that finds nothing says what else there is; a report always shows the last known good.
  const isAsked = purpose === 'plan' && (named !== undefined || knownGood.release !== undefined);
  const shown = isAsked ? [...evidence.keys()] : withGood(names, knownGood.release?.tag, most);
  const candidates = shown.map((tag): Candidate => {
    const release = releases.find((one) => one.tag === tag);
    const commit = release?.commit ?? tags.find(({ name }) => name === tag)?.commit;
    const judged = judgeEligibility({ name: tag, release }, input, evidenceOf(tag));
    return { tag, commit, release, ...judged };
  });
  return { knownGood, candidates };
}

function withGood(names: readonly string[], good: string | undefined, most: number): string[] {
  return good === undefined || names.includes(good)
    ? [...names]
    : [...names.slice(0, most - 1), good];
}

/** Recorded releases by when they were live, then older tags that nobody recorded: deployed ones first. */
function listNames({ releases, tags, live, deployed }: KnownGoodInput): string[] {
  const recorded = newestFirst({ releases, tags }).map(({ tag }) => tag);
  // By a set: a thousand records in ten thousand tags are ten million comparisons.
  const isRecorded = new Set(recorded);
  const liveVersion = tags.find(({ name }) => name === live)?.version;
  const others = tags.flatMap(({ name, version }) => {
    const isOlder = liveVersion === undefined || compareVersions(version, liveVersion) < 0;
    return isOlder && !isRecorded.has(name) ? [name] : [];
  });
  const known = others.filter((name) => deployed?.has(name) === true);
  return [...new Set([...recorded, ...known, ...others])].filter((name) => name !== live);
}
