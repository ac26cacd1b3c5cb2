/** What is live, target by target, and what follows from it when they do not all say the same. */

import { describeCause } from '../model/error.ts';
import {
  commitOfLive,
  describeOther,
  type History,
  isCommitName,
  nameSaid,
  runsRelease,
  type Said,
} from '../model/live.ts';
import type { Release } from '../model/release.ts';
import { compareVersions } from '../model/version.ts';
import { within } from '../ports/clock.ts';
import type { LiveRelease, ReleaseRef, TargetReader } from '../ports/target.ts';
import { nameByRecord } from './name-by-record.ts';
import type { OperationPorts } from './operation-ports.ts';

const TARGET_CAP_MS = 10_000;
/** For the names in a message: whoever prints it waits 1.5 s for all of it. In milliseconds. */
const NAMES_CAP_MS = 750;

/** What one target says is live on it. */
export interface LivePart {
  name: string;
  live: LiveRelease;
}

/** All that it takes to ask the targets: nothing that could change them. */
type Readers = Pick<OperationPorts, 'clock'> & { targets: readonly TargetReader[] };

/**
 * What each target says is live. Never throws: what cannot be read is `known: false`.
 * @param capMs longest wait, in milliseconds; left out: 10 s, and as long as a target says it needs
 */
export async function readTargets(ports: Readers, capMs?: number): Promise<LivePart[]> {
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

/**
 * The same with the releases that are meant: what the platform cannot name is named by its record,
 * and targets that say a commit mean the release that is at it.
 */
export function nameParts(parts: readonly LivePart[], history: History): LivePart[] {
  return nameByRecord(parts, history.releases).map(({ name, live }) => ({
    name,
    live: live.known ? nameSaid(live, history) : live,
  }));
}

/** What those say that can tell. */
export function sayings(parts: readonly LivePart[]): Said[] {
  return parts.flatMap(({ live }) => (live.known ? [live] : []));
}

/** The release that is live, for the words of a message; undefined when the targets do not say. */
export async function assessLive(
  ports: Readers & Pick<OperationPorts, 'repository' | 'releases' | 'scope'>,
): Promise<string | undefined> {
  const said = await readTargets(ports);
  // A message waits neither for git nor for the record where the targets say a tag.
  const isNamed = said.every(({ live }) => live.known && !isCommitName(live.tag));
  if (isNamed) return agreedRelease(said);
  const orNone = async <T>(question: () => Promise<T[]>): Promise<T[]> =>
    await within(ports.clock, NAMES_CAP_MS, question).catch(() => []);
  const [tags, releases] = await Promise.all([
    orNone(() => ports.repository.tags()),
    orNone(() => ports.releases.list(ports.scope)),
  ]);
  return agreedRelease(nameParts(said, { tags, releases }));
}

/**
 * The release that every target says is live. One that does not say is no agreement, nor is the same
 * tag with two commits.
 */
export function agreedRelease(parts: readonly LivePart[]): string | undefined {
  const said = new Set(describeParts(parts).map(({ running }) => running));
  return said.size === 1 ? [...said][0] : undefined;
}

/** Whether every target says that it runs this release. */
export function runsEverywhere(parts: readonly LivePart[], release: ReleaseRef): boolean {
  return parts.length > 0 && parts.every(({ live }) => live.known && runsRelease(live, release));
}

/** What each runs in a word: a tag, with its commit where another one runs another commit as it. */
function describeParts(
  parts: readonly LivePart[],
): { name: string; live: LiveRelease; running: string | undefined }[] {
  const said = sayings(parts);
  return parts.map(({ name, live }) => {
    if (!live.known) return { name, live, running: undefined };
    const commits = said.flatMap(({ tag, commit }) =>
      tag === live.tag && commit !== undefined ? [commit] : [],
    );
    const isOne = new Set(commits).size <= 1;
    return { name, live, running: isOne ? live.tag : describeOther(live, live) };
  });
}

/** What each part says, in a sentence; undefined where all say the same. */
export function describeMixed(parts: readonly LivePart[]): string | undefined {
  if (parts.length === 0 || agreedRelease(parts) !== undefined) return undefined;
  const described = describeParts(parts);
  const said = described.map(({ name, live, running }) =>
    live.known
      ? `${name} runs ${running ?? '?'}`
      : `${name} does not say what is live: ${live.problem}`,
  );
  const running = described.flatMap((one) => (one.running === undefined ? [] : [one.running]));
  const differ = new Set(running).size > 1;
  const title = differ ? 'Mixed state: ' : parts.length > 1 ? 'Not every target answers: ' : '';
  return `${title}${said.join('; ')}`;
}

/** By target; undefined where all say the same, and one word is enough. */
export function mixedParts(parts: readonly LivePart[]): Record<string, string> | undefined {
  const known = describeParts(parts).flatMap(({ name, running }) =>
    running === undefined ? [] : [[name, running] as const],
  );
  if (known.length === 0 || agreedRelease(parts) !== undefined) return undefined;
  return Object.fromEntries(known);
}

function runningTags(parts: readonly LivePart[]): string[] {
  return parts.flatMap(({ live }) => (live.known ? [live.tag] : []));
}

/** What went live last, as recorded: it may be the bad one. */
function newestRecorded(releases: readonly Release[]): string | undefined {
  return releases.toSorted((a, b) => (a.deployedAt < b.deployedAt ? 1 : -1))[0]?.tag;
}

/**
 * The release that is taken for live when others are judged by it: the newest that any target runs.
 * For a target that does not say, what was recorded last stands. The newest, because judged by an
 * older one a rollback would go one release too far.
 */
export function presumedLive(parts: readonly LivePart[], history: History): string | undefined {
  const recorded = newestRecorded(history.releases);
  const silent = parts.length === 0 || parts.some(({ live }) => !live.known);
  const names = [...runningTags(parts), ...(silent && recorded !== undefined ? [recorded] : [])];
  return names.toSorted((a, b) => compareAge(b, a, history))[0];
}

/**
 * What a rollback to `to` leaves, and holds. Where targets differ: the newest release that one of
 * them runs, if it is newer than `to`. What nobody says is never held for that alone.
 */
export function departedRelease(
  parts: readonly LivePart[],
  to: ReleaseRef,
  history: History,
): ReleaseRef | undefined {
  const { tags } = history;
  const agreed = agreedRelease(parts);
  const versionOf = (name: string) => tags.find((tag) => tag.name === name)?.version;
  const goal = versionOf(to.tag);
  const newer = runningTags(parts).filter((tag) => {
    const own = versionOf(tag);
    return own !== undefined && goal !== undefined && compareVersions(own, goal) > 0;
  });
  const left = agreed ?? newer.toSorted((a, b) => compareAge(b, a, { tags, releases: [] }))[0];
  if (left === undefined || left === to.tag) return undefined;
  const commit = commitOfLive(left, sayings(parts), history);
  return commit === undefined ? undefined : { tag: left, commit };
}

/** Above 0 when `a` is newer: by version, or by when they went live where one is no version. */
function compareAge(a: string, b: string, { tags, releases }: History): number {
  const find = (name: string) => tags.find((tag) => tag.name === name)?.version;
  const [ours, theirs] = [find(a), find(b)];
  if (ours !== undefined && theirs !== undefined) return compareVersions(ours, theirs);
  const timeOf = (name: string): string =>
    releases.find(({ tag }) => tag === name)?.deployedAt ?? '';
  const [mine, other] = [timeOf(a), timeOf(b)];
  return mine === other ? 0 : mine > other ? 1 : -1;
}
