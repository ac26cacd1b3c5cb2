/** What every store of release records promises. */

import { describe, expect, test } from 'vitest';
import type { ReleaseRecords } from '../../src/ports/releases.ts';

const scope = { service: 'storefront', environment: 'production' };
const first = { tag: 'v1.0.0', commit: 'a'.repeat(40), at: '2026-11-23T06:00:00.000Z' };
const second = { tag: 'v1.1.0', commit: 'b'.repeat(40), at: '2026-11-23T07:00:00.000Z' };
const hold = {
  reason: 'wrong rounding',
  incident: 'inc00001',
  by: 'ada@laptop',
  at: '2026-11-23T08:00:00.000Z',
};

/** @param make gives a store without records */
export function releasesContract(name: string, make: () => Promise<ReleaseRecords>): void {
  describe(`release records (${name})`, () => {
    test('start as deployed and are listed last live first', async () => {
      const records = await make();
      const recorded = await records.record(scope, first);
      await records.record(scope, second);

      expect(recorded).toEqual({
        tag: 'v1.0.0',
        commit: first.commit,
        status: 'deployed',
        deployedAt: first.at,
      });
      expect((await records.list(scope)).map((release) => release.tag)).toEqual([
        'v1.1.0',
        'v1.0.0',
      ]);
    });

    test('keep status and hold, and take the new time, when a release goes live again', async () => {
      const records = await make();
      await records.record(scope, first);
      await records.mark(scope, 'v1.0.0', 'good');
      await records.hold(scope, 'v1.0.0', hold);

      const again = await records.record(scope, { ...first, at: '2026-11-23T09:00:00.000Z' });

      expect(again).toEqual({
        tag: 'v1.0.0',
        commit: first.commit,
        status: 'good',
        deployedAt: '2026-11-23T09:00:00.000Z',
        hold,
      });
    });

    test('keep what a deployment says of itself; artefacts add up by target', async () => {
      const records = await make();
      const flags = { community: 'boolean', page_size: 'number' } as const;
      await records.record(scope, {
        ...first,
        details: {
          artefacts: { web: 'sha256:aa' },
          flags,
          needs: ['env:STRIPE_KEY'],
          schemaVersion: '12',
          actor: 'ada',
        },
      });
      const later = '2026-11-23T06:30:00.000Z';
      const said = { artefacts: { worker: 'sha256:bb' }, configHash: 'c'.repeat(64), actor: 'bo' };
      await records.record(scope, { ...first, at: later, details: said });
      // Nothing is said: nothing is forgotten.
      await records.record(scope, { ...first, at: later });
      const [known] = await records.list(scope);
      expect(known?.details).toEqual({
        artefacts: { web: 'sha256:aa', worker: 'sha256:bb' },
        flags,
        needs: ['env:STRIPE_KEY'],
        schemaVersion: '12',
        configHash: 'c'.repeat(64),
        actor: 'bo',
      });
    });

    test('are not talked over by what arrives late', async () => {
      const records = await make();
      await records.record(scope, {
        ...first,
        details: { actor: 'ada', artefacts: { web: 'new' } },
      });
      const at = '2026-11-22T00:00:00.000Z';
      const details = {
        actor: 'old',
        artefacts: { web: 'old', worker: 'old' },
        schemaVersion: '11',
      };
      await records.record(scope, { ...first, at, details });
      expect((await records.list(scope))[0]?.details).toEqual({
        actor: 'ada',
        artefacts: { web: 'new', worker: 'old' },
        schemaVersion: '11',
      });
    });

    test('do not go back in time when a record arrives late', async () => {
      const records = await make();
      await records.record(scope, first);

      const late = await records.record(scope, { ...first, at: '2026-11-22T00:00:00.000Z' });

      expect(late.deployedAt).toBe(first.at);
    });

    test('refuse a tag that was moved, naming both commits', async () => {
      const records = await make();
      await records.record(scope, first);

      const moved = records.record(scope, { ...first, commit: 'c'.repeat(40) });

      await expect(moved).rejects.toMatchObject({ code: 'E_TAG_MOVED', kind: 'refused' });
      await expect(moved).rejects.toThrow(/aaaaaaaaaa.*cccccccccc/);
      expect((await records.list(scope))[0]?.commit).toBe(first.commit);
    });

    test('follow a release to good or bad', async () => {
      const records = await make();
      await records.record(scope, first);
      for (const status of ['baking', 'good', 'bad'] as const) {
        await records.mark(scope, 'v1.0.0', status);
        await records.mark(scope, 'v1.0.0', status);
        expect((await records.list(scope))[0]?.status).toBe(status);
      }
    });

    test.each(['deployed', 'baking', 'good'] as const)(
      'refuse %s for what was found bad, until its hold is ended',
      async (status) => {
        const records = await make();
        await records.record(scope, first);
        await records.hold(scope, 'v1.0.0', hold);
        await records.mark(scope, 'v1.0.0', 'bad');

        await expect(records.mark(scope, 'v1.0.0', status)).rejects.toMatchObject({
          code: 'E_RELEASE_BAD',
          kind: 'refused',
          remedy: expect.stringContaining('release unhold v1.0.0') as unknown,
        });
        expect((await records.list(scope))[0]).toMatchObject({ status: 'bad', hold });

        await records.hold(scope, 'v1.0.0', undefined);
        expect((await records.list(scope))[0]?.status).toBe('deployed');
        await records.mark(scope, 'v1.0.0', status);
        expect((await records.list(scope))[0]?.status).toBe(status);
      },
    );

    test('keep what is not bad as it was when a hold is ended', async () => {
      const records = await make();
      await records.record(scope, first);
      await records.mark(scope, 'v1.0.0', 'good');
      await records.hold(scope, 'v1.0.0', hold);
      await records.hold(scope, 'v1.0.0', undefined);

      expect((await records.list(scope))[0]?.status).toBe('good');
    });

    test('keep the reason of the first hold', async () => {
      const records = await make();
      await records.record(scope, first);
      await records.hold(scope, 'v1.0.0', hold);
      await records.hold(scope, 'v1.0.0', { reason: 'another', by: 'grace', at: second.at });

      expect((await records.list(scope))[0]?.hold).toEqual(hold);
    });

    test('keep the first hold as it was, also when it named no incident', async () => {
      const records = await make();
      const { incident: _incident, ...byHand } = hold;
      await records.record(scope, first);
      await records.hold(scope, 'v1.0.0', byHand);
      await records.hold(scope, 'v1.0.0', hold);

      expect((await records.list(scope))[0]?.hold).toEqual(byHand);
    });

    test('end a hold, and can be held again for another reason', async () => {
      const records = await make();
      await records.record(scope, first);
      await records.hold(scope, 'v1.0.0', hold);
      await records.hold(scope, 'v1.0.0', undefined);
      await records.hold(scope, 'v1.0.0', undefined);
      expect((await records.list(scope))[0]).not.toHaveProperty('hold');

      const { incident: _incident, ...byHand } = { ...hold, reason: 'a second look' };
      await records.hold(scope, 'v1.0.0', byHand);

      expect((await records.list(scope))[0]?.hold).toEqual(byHand);
    });

    test('end the hold that is meant, and not one that was put later', async () => {
      const records = await make();
      await records.record(scope, first);
      await records.hold(scope, 'v1.0.0', hold);
      await records.hold(scope, 'v1.0.0', undefined, hold.at);
      const later = { ...hold, at: second.at };
      await records.hold(scope, 'v1.0.0', later);
      await records.mark(scope, 'v1.0.0', 'bad');
      await records.hold(scope, 'v1.0.0', undefined, hold.at);
      expect((await records.list(scope))[0]).toMatchObject({ status: 'bad', hold: later });
      await records.hold(scope, 'v1.0.0', undefined, later.at);
      expect((await records.list(scope))[0]).not.toHaveProperty('hold');
    });

    test('refuse to mark or hold what was never recorded', async () => {
      const records = await make();
      await expect(records.mark(scope, 'v9', 'bad')).rejects.toMatchObject({
        code: 'E_RELEASE_UNKNOWN',
      });
      await expect(records.hold(scope, 'v9', hold)).rejects.toMatchObject({
        code: 'E_RELEASE_UNKNOWN',
      });
      await expect(records.hold(scope, 'v9', undefined)).rejects.toMatchObject({
        code: 'E_RELEASE_UNKNOWN',
      });
    });

    test('of two environments do not touch each other', async () => {
      const records = await make();
      const staging = { ...scope, environment: 'staging' };
      await records.record(scope, first);
      await records.record(staging, { ...first, commit: 'd'.repeat(40) });
      await records.mark(staging, 'v1.0.0', 'bad');

      expect(await records.list(scope)).toMatchObject([{ status: 'deployed' }]);
      expect(await records.list({ ...scope, service: 'other' })).toEqual([]);
    });

    test('are one when twenty processes record the same release', async () => {
      const records = await make();
      await Promise.all(Array.from({ length: 20 }, () => records.record(scope, first)));
      expect(await records.list(scope)).toHaveLength(1);
    });
  });
}
