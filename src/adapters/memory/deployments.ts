import type { Deployment } from '../../model/deployment.ts';
import type { Deployments } from '../../ports/deployments.ts';

/** Deployments of one environment within one process. @param all in any order */
export function memoryDeployments(all: readonly Deployment[]): Deployments {
  return {
    source: 'memory',
    newest(limit) {
      const newestFirst = all.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
      return Promise.resolve(structuredClone(newestFirst.slice(0, limit)));
    },
  };
}
