/** Where what runs, what was recorded and what pipelines deployed do not say the same. Pure. */

import { type Deployment, tagOf, whenAndWho } from './deployment.ts';
import type { Release, Tag } from './release.ts';

/** One contradiction. None of them says who is right: the target is what counts. */
export interface Drift {
  /** The target it is about; `record` where no target says what is live. */
  part: string;
  /** Who says otherwise: `git`, `record`, `GitHub`. */
  against: string;
  text: string;
}

export interface DriftInput {
  /** What the targets say; those that cannot say are left out of every comparison. */
  targets: readonly { name: string; live: { known: boolean; tag?: string; commit?: string } }[];
  tags: readonly Tag[];
  releases: readonly Release[];
  /** The last begun first. */
  deployments: readonly Deployment[];
  /** Where the deployments are from. */
  source: string;
}

export function findDrift(input: DriftInput): Drift[] {
  const parts = input.targets.flatMap(({ name: part, live }) => {
    const { tag, commit } = live;
    if (!live.known || tag === undefined) return [];
    return [
      ...againstGit(part, { tag, commit }, input),
      ...againstRecord(part, tag, input),
      ...againstDeployments(part, tag, input),
    ];
  });
  const says = input.targets.some(({ live }) => live.known);
  return says ? parts : recordAgainstDeployments(input);
}

function againstGit(
  part: string,
  { tag, commit }: { tag: string; commit: string | undefined },
  { tags }: DriftInput,
): Drift[] {
  // Without any tag the clone cannot be read, and that is told elsewhere.
  if (tags.length === 0) return [];
  const found = tags.find(({ name }) => name === tag);
  const drift = (text: string): Drift[] => [{ part, against: 'git', text }];
  if (found === undefined) return drift(`runs ${tag}, which is no release tag in git`);
  if (commit === undefined || commit === found.commit) return [];
  return drift(
    `runs ${tag} of commit ${commit.slice(0, 10)}, and in git that tag stands for ${found.commit.slice(0, 10)}`,
  );
}

function againstRecord(part: string, tag: string, input: DriftInput): Drift[] {
  const newest = newestRecord(input);
  if (newest === undefined || newest.tag === tag) return [];
  const when = whenAndWho({ at: newest.deployedAt, by: newest.details?.actor });
  const text = `runs ${tag}, and the record says that ${newest.tag} went live last, ${when}`;
  return [{ part, against: 'record', text }];
}

function againstDeployments(part: string, tag: string, input: DriftInput): Drift[] {
  const { source } = input;
  const newest = newestSuccess(input);
  if (newest === undefined || newest.ref === tag || tagOf(newest, input.tags) === tag) return [];
  const record = newestRecord(input);
  // Changed later by somebody who recorded it, as a rollback past the pipeline does.
  if (record?.tag === tag && record.deployedAt > newest.createdAt) return [];
  const text = `runs ${tag}, and ${source} says that ${nameOf(newest, input)} was deployed last, ${whenOf(newest)}`;
  return [{ part, against: source, text }];
}

/** No target says what is live: then at least these two should say the same. */
function recordAgainstDeployments(input: DriftInput): Drift[] {
  const { source } = input;
  const [record, newest] = [newestRecord(input), newestSuccess(input)];
  if (record === undefined || newest === undefined) return [];
  if (tagOf(newest, input.tags) === record.tag || record.deployedAt > newest.createdAt) return [];
  const text = `has ${record.tag} as the last that went live, and ${source} says that ${nameOf(newest, input)} was deployed after it, ${whenOf(newest)}`;
  return [{ part: 'record', against: source, text }];
}

function newestRecord({ releases }: DriftInput): Release | undefined {
  return releases.toSorted((a, b) => (a.deployedAt < b.deployedAt ? 1 : -1))[0];
}

function newestSuccess({ deployments }: DriftInput): Deployment | undefined {
  return deployments.find(({ state }) => state === 'succeeded');
}

function nameOf(deployment: Deployment, { tags }: DriftInput): string {
  return tagOf(deployment, tags) ?? `${deployment.ref} at commit ${deployment.commit.slice(0, 10)}`;
}

const whenOf = ({ createdAt: at, by }: Deployment): string => whenAndWho({ at, by });
