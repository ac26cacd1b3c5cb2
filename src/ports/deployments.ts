import type { Deployment } from '../model/deployment.ts';

/**
 * What was deployed to one environment, as the place knows it where deploy pipelines run. It is
 * asked beside our own record: a team that never recorded anything has it all the same.
 */
export interface Deployments {
  /** Who is asked, for people: `GitHub`. */
  readonly source: string;
  /**
   * The newest deployments, the last begun first.
   * @param limit at most so many, 1 or more
   * @throws BackoutError E_DEPLOYMENTS when they cannot be read
   */
  newest(limit: number, signal: AbortSignal): Promise<Deployment[]>;
}
