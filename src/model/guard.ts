import { type Release, isHeld } from './release.ts';

/** What a target says is live on it. */
export type SaidLive =
  | { known: true; tag: string; commit?: string }
  | { known: false; problem: string };

/** A rollback of level application, or a return from one, as far as the journal tells of it. */
export interface KnownRollback {
  incident: string;
  execution: string;
  actor: string;
  startedAt: string;
  from?: string;
  to?: string;
  /** It undoes a rollback; left out: it does not. */
  isReturn?: boolean;
  /** It ended, well or not; one whose end is not known may still be resumed. */
  ended: boolean;
  /** By target: when it was proven that `to` is live there. */
  deployed: Readonly<Record<string, string>>;
}

/** Everything that the decision is made from. Times are ISO 8601 UTC. */
export interface GuardSituation {
  targets: readonly { name: string; live: SaidLive }[];
  releases: readonly Release[];
  rollbacks: readonly KnownRollback[];
  /** Targets that somebody has the exclusive right to change now, with the words for who. */
  busy: ReadonlyMap<string, { holder: string; incident: string }>;
  /** By target: the last release without a hold that the guard saw there. */
  before: ReadonlyMap<string, { tag: string; at: string }>;
}

/**
 * What is found about one target.
 *
 * - `fine`: it runs what the record says is live.
 * - `held-release-back`: it runs a release that is held or bad, and had left it.
 * - `still-live`: it runs a release that is held, and never left it: somebody held what is live.
 * - `rollback-running`: a rollback is at work there, or was interrupted: its own changes are no news.
 * - `unrecorded-change`: it runs something else than the record says, which nobody holds.
 * - `unreadable`: nobody can tell. Unknown is not fine.
 */
export type Finding =
  | { kind: 'fine' | 'unrecorded-change'; target: string; tag: string; text: string }
  | { kind: 'rollback-running'; target: string; tag: string; incident: string; text: string }
  | { kind: 'still-live'; target: string; tag: string; held: Release; text: string }
  | BroughtBack
  | { kind: 'unreadable'; target: string; text: string };

export interface BroughtBack {
  kind: 'held-release-back';
  target: string;
  /** What the target says; the hold may be of another tag of the same commit. */
  tag: string;
  held: Release;
  /** What should be live there; undefined when the record knows no other release. */
  expected: string | undefined;
  text: string;
}

/** Compares platform and record, target by target, so that a mixed state is named by its parts. */
export function judgeTargets(situation: GuardSituation): Finding[] {
  return situation.targets.map(({ name, live }): Finding => {
    if (!live.known) {
      return {
        kind: 'unreadable',
        target: name,
        text: `cannot tell what is live: ${live.problem}`,
      };
    }
    return judge(situation, name, live);
  });
}

type Known = Extract<SaidLive, { known: true }>;

function judge(situation: GuardSituation, target: string, live: Known): Finding {
  const found = compare(situation, target, live);
  const running = found.kind === 'fine' ? undefined : rollbackOn(situation, target, live.tag);
  if (running === undefined) return found;
  return { kind: 'rollback-running', target, tag: live.tag, ...running };
}

function compare(situation: GuardSituation, target: string, live: Known): Finding {
  const { releases } = situation;
  const { tag } = live;
  const commit = live.commit ?? releases.find((one) => one.tag === tag)?.commit;
  const isIt = (one: Release): boolean => one.tag === tag || one.commit === commit;
  // Its own tag first: of two records of one commit, it is the one that people speak of.
  const all = releases.filter((one) => isHeld(one) && isIt(one));
  const held = all.find((one) => one.tag === tag) ?? all[0];
  if (held !== undefined) {
    const left = howItLeft(situation, target, held);
    const what = held.tag === tag ? tag : `${tag}, the same commit as ${held.tag}`;
    if (left === undefined) {
      const text = `runs ${what}, which is held and never left: ${whyHeld(held)}`;
      return { kind: 'still-live', target, tag, held, text };
    }
    // A commit that is held is held under each of its tags: none of them is what should be live.
    const bad = new Set(releases.filter(isHeld).map((one) => one.commit));
    const expected = newest(releases.filter((one) => !bad.has(one.commit)))?.tag;
    const text = `runs ${what} again, which is held (${whyHeld(held)}); ${left}`;
    return { kind: 'held-release-back', target, tag, held, expected, text };
  }
  const recorded = newest(releases);
  if (recorded === undefined) {
    const text = `runs ${tag}; no release was ever recorded here`;
    return { kind: 'unrecorded-change', target, tag, text };
  }
  if (isIt(recorded)) return { kind: 'fine', target, tag, text: `runs ${tag}, as recorded` };
  const text = `runs ${tag}, and the record says that ${recorded.tag} is live`;
  return { kind: 'unrecorded-change', target, tag, text };
}

/** `charged twice; by kim, incident …`, without the full stop that a reason may have. */
export function whyHeld({ hold }: Release): string {
  if (hold === undefined) return 'it was marked bad';
  const where = hold.incident === undefined ? '' : `, incident ${hold.incident}`;
  return `${hold.reason.replace(/[.\s]+$/, '')}; by ${hold.by}${where}`;
}

/**
 * How it is known that a held release had left a target. The record is asked first, because every
 * guard has the same one; what this guard saw itself comes last.
 * @returns undefined when nothing says that it ever left
 */
function howItLeft(situation: GuardSituation, target: string, held: Release): string | undefined {
  const { releases, rollbacks, before } = situation;
  const heldAt = held.hold?.at;
  if (heldAt !== undefined && held.deployedAt > heldAt) {
    return `it was recorded as live again at ${held.deployedAt}`;
  }
  const later = newest(releases);
  if (later !== undefined && later.deployedAt > held.deployedAt) {
    return `${later.tag} was recorded as live after it, at ${later.deployedAt}`;
  }
  for (const { from, to, deployed, incident } of rollbacks) {
    const at = deployed[target];
    if (from !== held.tag || at === undefined || at <= held.deployedAt) continue;
    return `incident ${incident} replaced it by ${to ?? 'another release'} at ${at}`;
  }
  const seen = before.get(target);
  if (seen !== undefined && seen.tag !== held.tag && seen.at >= (heldAt ?? held.deployedAt)) {
    return `${seen.tag} was seen there at ${seen.at}`;
  }
  return undefined;
}

/**
 * A rollback that explains what a target runs: it is on its way there, or has just arrived. Once it
 * has proven that its release is live on the target, anything else there is somebody else's doing,
 * also while the rollback still validates.
 */
function rollbackOn(
  { rollbacks, releases, busy }: GuardSituation,
  target: string,
  tag: string,
): { incident: string; text: string } | undefined {
  const lease = busy.get(target);
  const open = rollbacks.filter(({ ended }) => !ended);
  if (lease !== undefined) {
    const { incident, holder } = lease;
    const ours = open.findLast((one) => one.incident === incident);
    // Right after the lease was taken, nothing is in the journal yet.
    if (ours !== undefined && ours.to !== tag && ours.deployed[target] !== undefined) {
      return undefined;
    }
    return { incident, text: `runs ${tag}; ${holder} is changing it for incident ${incident}` };
  }
  const left = open.findLast(({ to, startedAt }) => {
    // What went live after it, went live without it: it is over, whether or not it said so.
    return !releases.some((one) => one.tag !== to && one.deployedAt > startedAt);
  });
  if (left === undefined) return undefined;
  const explains = left.to === tag || (left.from === tag && left.deployed[target] === undefined);
  if (!explains) return undefined;
  const { incident, to, isReturn = false } = left;
  const text = `runs ${tag}; the ${isReturn ? 'return' : 'rollback'} to ${to ?? '?'} of incident ${incident} is not finished`;
  return { incident, text };
}

function newest(releases: readonly Release[]): Release | undefined {
  return releases.toSorted((a, b) => (a.deployedAt < b.deployedAt ? 1 : -1))[0];
}
