import type { Changes, Description } from '../model/description.ts';
import { describeCause } from '../model/error.ts';
import { type Lease, targetResource } from '../model/lease.ts';
import type { Level } from '../model/level.ts';
import { commitOfLive } from '../model/live.ts';
import { judgeSignals, type LiveSignal, type WatchedRule } from '../model/live-signals.ts';
import { judgeReadiness, type Readiness } from '../model/readiness.ts';
import { within } from '../ports/clock.ts';
import type { Proofs } from '../ports/proofs.ts';
import { advise } from './advise.ts';
import { type Assessment, assess } from './assess.ts';
import { findInterrupted, type Interrupted } from './find-interrupted.ts';
import { type GuardState, readGuard } from './guard-state.ts';
import type { OperationPorts } from './operation-ports.ts';
import { readSignals } from './read-signals.ts';

/** Longest wait for one answer; all are asked side by side. */
const SURVEY_CAP_MS = 5_000;
/** Paths of changed files that are named. */
const PATHS_SHOWN = 20;

export interface SurveyPorts {
  proofs: Proofs;
}

export interface SurveyOptions {
  /** The decision matrix. */
  rules: Readonly<Record<string, WatchedRule>>;
  /** How long a proof of each level counts, in milliseconds. */
  expires: Readonly<Record<Level, number>>;
  defaultBranch: string;
}

/** A commit by the last release before it. */
export interface Described {
  /** What stands there: `web`, `main`. */
  name: string;
  commit: string;
  /** Undefined: no release is in its history. */
  description: Description | undefined;
}

/** Everything that a person wants to know before deciding, on one page. */
export interface Survey extends Assessment {
  /** What runs on each target that says so, and the tip of the default branch. */
  described: { live: Described[]; branch: Described | undefined };
  /** What going back to the last known good takes away; undefined when that is not known. */
  changes: Changes | undefined;
  readiness: Readiness[];
  /** Who has the right to change targets of this service now: a rollback or maintenance runs. */
  running: Lease[];
  interrupted: Interrupted | undefined;
  /** Rules of the matrix that are measured, at this moment. */
  signals: LiveSignal[];
  /** Whether somebody watches that held releases stay away. */
  guard: GuardState;
}

/**
 * The assessment, and all around it: how well the levels are proven, who is at it, what is measured.
 * Changes nothing, and waits for no single answer for long.
 */
export async function survey(
  ports: OperationPorts & SurveyPorts,
  { rules, expires, defaultBranch }: SurveyOptions,
): Promise<Survey> {
  const problems: string[] = [];
  const orElse = async <T>(question: () => Promise<T>, fallback: T): Promise<T> =>
    await within(ports.clock, SURVEY_CAP_MS, question).catch((error: unknown) => {
      // A store that is down is told once, not once for each question.
      const problem = describeCause(error);
      if (!problems.includes(problem)) problems.push(problem);
      return fallback;
    });
  const { clock, scope, leases, repository } = ports;
  const resources = ports.targets.map(({ name }) => targetResource(scope, name));
  const [assessment, proofs, running, readings, branch, guard] = await Promise.all([
    assess(ports),
    orElse(() => ports.proofs.newest(scope), []),
    orElse(() => leases.inspect(resources), []),
    readSignals(clock, ports.baseline?.metrics ?? []),
    orElse(() => describeBranch(ports, defaultBranch), undefined),
    readGuard(ports),
  ]);
  const from = assessment.liveCommit;
  const to = assessment.knownGood.release?.commit;
  const [live, changes, interrupted] = await Promise.all([
    orElse(() => describeLive(ports, assessment), []),
    from === undefined || to === undefined
      ? undefined
      : orElse(() => repository.changesBetween(to, from, PATHS_SHOWN), undefined),
    running.length > 0
      ? undefined
      : orElse(() => findInterrupted(ports, assessment.openIncidents), undefined),
  ]);
  const signals = judgeSignals(rules, readings);
  for (const reading of readings) {
    if (reading.state !== 'unreadable') continue;
    problems.push(`${reading.signal} was not measured: ${reading.problem}`);
  }
  return {
    ...assessment,
    described: { live, branch },
    changes,
    readiness: judgeReadiness(proofs, clock.now(), expires),
    running,
    interrupted,
    signals,
    guard,
    recommended: advise({ assessment, signals, running, interrupted }),
    problems: [...new Set([...assessment.problems, ...problems])],
  };
}

/**
 * What machines get. All tags and records would be megabytes in an old repository, whatever is
 * asked: those that matter are among the candidates, and the others are counted.
 */
export function asDocument({ tags, releases, ...rest }: Survey) {
  return { ...rest, counts: { tags: tags.length, releases: releases.length } };
}

/** Each commit that runs anywhere; targets that run the same one are described once. */
async function describeLive(
  { repository }: Pick<OperationPorts, 'repository'>,
  { targets, tags, releases }: Pick<Assessment, 'targets' | 'tags' | 'releases'>,
): Promise<Described[]> {
  const running = targets.flatMap(({ name, live }) => {
    if (!live.known) return [];
    const commit = commitOfLive(live.tag, [live], { tags, releases });
    return commit === undefined ? [] : [{ name, commit }];
  });
  const commits = [...new Set(running.map(({ commit }) => commit))];
  const found = await Promise.all(
    commits.map(async (commit) => [commit, await repository.describe(commit)] as const),
  );
  const descriptions = new Map(found);
  return running.map((one) => ({ ...one, description: descriptions.get(one.commit) }));
}

/** The tip as the remote last had it; where there is none, the local one. */
async function describeBranch(
  { repository }: Pick<OperationPorts, 'repository'>,
  name: string,
): Promise<Described | undefined> {
  const commit =
    (await repository.resolve(`refs/remotes/origin/${name}`)) ??
    (await repository.resolve(`refs/heads/${name}`));
  if (commit === undefined) return undefined;
  return { name, commit, description: await repository.describe(commit) };
}
