import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../src/model/deployment.ts';
import type { Deployments } from '../../src/ports/deployments.ts';

export interface DeploymentsFixture extends AsyncDisposable {
  deployments: Deployments;
}

/** A deployment as it is arranged; its commit is `a1…` for v1.1.0 and `b2…` for v1.2.0. */
export type Arranged = Pick<Deployment, 'ref' | 'state' | 'createdAt'> & { by: string };

const OLD: Arranged = {
  ref: 'v1.1.0',
  state: 'succeeded',
  by: 'kim',
  createdAt: '2026-11-20T10:00:00.000Z',
};
const NEW: Arranged = {
  ref: 'v1.2.0',
  state: 'running',
  by: 'lee',
  createdAt: '2026-11-21T10:00:00.000Z',
};

/** Commits of the releases that the suite deploys. */
export const COMMITS = { 'v1.1.0': 'a1'.repeat(20), 'v1.2.0': 'b2'.repeat(20) };

/** What every source of deployments does, run on each of them. */
export function deploymentsContract(
  name: string,
  make: (arranged: readonly Arranged[]) => Promise<DeploymentsFixture>,
): void {
  describe(`Deployments: ${name}`, () => {
    const { signal } = new AbortController();

    it('has none where nothing was ever deployed', async () => {
      await using fixture = await make([]);
      expect(await fixture.deployments.newest(5, signal)).toEqual([]);
    });

    it('tells what was deployed, by whom and what came of it, the last begun first', async () => {
      await using fixture = await make([OLD, NEW]);
      expect(await fixture.deployments.newest(5, signal)).toMatchObject([
        { ...NEW, commit: COMMITS['v1.2.0'] },
        { ...OLD, commit: COMMITS['v1.1.0'] },
      ]);
    });

    it('gives no more than were asked for', async () => {
      await using fixture = await make([OLD, NEW]);
      expect(await fixture.deployments.newest(1, signal)).toMatchObject([{ ref: NEW.ref }]);
    });

    it.each(['waiting', 'running', 'succeeded', 'failed', 'inactive'] as const)(
      'tells that a deployment is %s',
      async (state) => {
        await using fixture = await make([{ ...OLD, state }]);
        expect(await fixture.deployments.newest(5, signal)).toMatchObject([{ state }]);
      },
    );
  });
}
