import { type Deployed, type Deployment, deployedReleases, goingOn } from '../model/deployment.ts';
import { type Drift, findDrift } from '../model/drift.ts';
import { describeCause } from '../model/error.ts';
import type { Release, Tag } from '../model/release.ts';
import { within } from '../ports/clock.ts';
import type { LiveRelease } from '../ports/target.ts';
import type { OperationPorts } from './operation-ports.ts';

/** Longest wait, in milliseconds: GitHub is the first to be slow on a bad day, and only adds to what we know. */
const DEPLOYMENTS_CAP_MS = 5_000;
/** Deployments looked at: each costs a call of its own. */
const LOOKED_AT = 10;

/** What pipelines deployed, as far as somebody can be asked. */
export interface ReadDeployments {
  source: string;
  /** The last begun first; empty also when nobody can be asked. */
  all: Deployment[];
}

/**
 * Never throws: what cannot be read is a problem in words, and nothing follows from it.
 * @param problems what could not be found out is added to it
 */
export async function readDeployments(
  { deployments, clock }: Pick<OperationPorts, 'deployments' | 'clock'>,
  problems: string[],
): Promise<ReadDeployments> {
  if (deployments === undefined) return { source: '', all: [] };
  const { source } = deployments;
  try {
    const all = await within(clock, DEPLOYMENTS_CAP_MS, (signal) =>
      deployments.newest(LOOKED_AT, signal),
    );
    return { source, all };
  } catch (error) {
    problems.push(`What ${source} deployed cannot be read: ${describeCause(error)}`);
    return { source, all: [] };
  }
}

/** What follows from deployments for an assessment. */
export interface DeploymentFindings {
  /** Releases that were deployed with success, by tag: also those that nobody recorded. */
  deployed: Map<string, Deployed>;
  /** Deployments that are going on, or wait for a machine or a person. */
  deploying: Deployment[];
  /** Where targets, record, git and pipelines do not say the same. */
  drift: Drift[];
}

export function findInDeployments(
  { source, all }: ReadDeployments,
  about: {
    targets: readonly { name: string; live: LiveRelease }[];
    tags: readonly Tag[];
    releases: readonly Release[];
  },
  now: number,
): DeploymentFindings {
  return {
    deployed: deployedReleases(all, about.tags, source),
    deploying: goingOn(all, now),
    drift: findDrift({ ...about, deployments: all, source }),
  };
}
