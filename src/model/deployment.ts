import type { Tag } from './release.ts';

/**
 * What came of a deployment, as whoever wrote it down says. `waiting`: not begun, for a machine or
 * for a person. `inactive`: it was live, and was taken off. `unknown`: it says nothing that we know.
 */
export type DeploymentState =
  | 'waiting'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'inactive'
  | 'unknown';

/** One deployment to an environment, from a source that is not Backout's own record. */
export interface Deployment {
  id: string;
  /** Tag or branch that was deployed. */
  ref: string;
  commit: string;
  state: DeploymentState;
  /** Who or what began it; undefined when nobody says. */
  by: string | undefined;
  /** When it was begun, ISO 8601 UTC. */
  createdAt: string;
  /** Page for people; undefined when there is none. */
  url: string | undefined;
}

/**
 * Longest that a deployment counts as going on, in milliseconds: no job on a machine of GitHub's
 * may take longer (its documented limit, 6 h). What is older was forgotten, not finished.
 */
const GOES_ON_MS = 6 * 3_600_000;

/** Deployments that are going on, or waiting for a machine or a person. */
export function goingOn(deployments: readonly Deployment[], now: number): Deployment[] {
  return deployments.filter(
    ({ state, createdAt }) =>
      (state === 'running' || state === 'waiting') && now - Date.parse(createdAt) < GOES_ON_MS,
  );
}

/** The release tag that was deployed; undefined when what was deployed has none. */
export function tagOf({ ref, commit }: Deployment, tags: readonly Tag[]): string | undefined {
  const named = tags.find(({ name }) => name === ref);
  // Deployed from a branch: the commit says it, as long as it has one tag only.
  const [only, ...more] = tags.filter((tag) => tag.commit === commit);
  return named?.name ?? (more.length === 0 ? only?.name : undefined);
}

/** What a source says of a release that was live once. */
export interface Deployed {
  /** `GitHub`. */
  source: string;
  at: string;
  by: string | undefined;
}

/** Releases that were deployed with success, by tag, with their newest deployment. */
export function deployedReleases(
  deployments: readonly Deployment[],
  tags: readonly Tag[],
  source: string,
): Map<string, Deployed> {
  const found = new Map<string, Deployed>();
  for (const one of deployments) {
    const tag = tagOf(one, tags);
    // Whoever was taken off again had been live before.
    const wasLive = one.state === 'succeeded' || one.state === 'inactive';
    if (tag === undefined || !wasLive || found.has(tag)) continue;
    found.set(tag, { source, at: one.createdAt, by: one.by });
  }
  return found;
}

/** `2026-11-20 10:00 UTC by kim`, as part of a sentence. */
export function whenAndWho({ at, by }: Pick<Deployed, 'at' | 'by'>): string {
  const when = `${at.slice(0, 16).replace('T', ' ')} UTC`;
  return by === undefined ? when : `${when} by ${by}`;
}
