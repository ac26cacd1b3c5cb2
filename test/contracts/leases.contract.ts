/** What every lease store promises. */

import { describe, expect, test } from 'vitest';
import type { Leases } from '../../src/ports/leases.ts';

export interface LeasesUnderTest {
  leases: Leases;
  /** Lets the store's own clock go on by this much. */
  pass: (ms: number) => Promise<void>;
}

const web = 'storefront/production/target:web';
const worker = 'storefront/production/target:worker';
const ada = { holder: 'ada@laptop (pid 4711)', incident: 'inc00001' };
const grace = { holder: 'grace@runner (pid 12)', incident: 'inc00002' };
const long = 60_000;
const short = 150;

/** @param make gives a store in which nothing was ever taken */
export function leasesContract(name: string, make: () => Promise<LeasesUnderTest>): void {
  describe(`leases (${name})`, () => {
    test('are given with holder, incident, fence and expiry', async () => {
      const { leases } = await make();
      const taken = await leases.acquire({ resources: [worker, web], ...ada, ttlMs: long });

      expect(taken).toEqual([
        {
          resource: web,
          ...ada,
          fence: 1,
          expiresAt: expect.stringMatching(/T.*\.\d{3}Z$/) as unknown,
        },
        { resource: worker, ...ada, fence: 1, expiresAt: expect.any(String) as unknown },
      ]);
      expect(await leases.inspect([web, worker, 'something else'])).toEqual(taken);
    });

    test('are refused to a second holder, who is told by whom, for what and until when', async () => {
      const { leases } = await make();
      const [held] = await leases.acquire({ resources: [web], ...ada, ttlMs: long });

      const refusal = leases.acquire({ resources: [web], ...grace, ttlMs: long });

      await expect(refusal).rejects.toMatchObject({ code: 'E_LEASE_HELD', kind: 'refused' });
      await expect(refusal).rejects.toThrow(ada.holder);
      await expect(refusal).rejects.toThrow(ada.incident);
      await expect(refusal).rejects.toThrow(held?.expiresAt.slice(11, 19) ?? 'no expiry');
      await expect(refusal).rejects.toMatchObject({
        remedy: expect.stringContaining(`backout incident show ${ada.incident}`) as unknown,
      });
      expect(await leases.inspect([web])).toEqual([held]);
    });

    test('are taken all together or not at all', async () => {
      const { leases } = await make();
      await leases.acquire({ resources: [worker], ...ada, ttlMs: long });

      await expect(
        leases.acquire({ resources: [web, worker], ...grace, ttlMs: long }),
      ).rejects.toMatchObject({ code: 'E_LEASE_HELD' });

      expect(await leases.inspect([web])).toEqual([]);
    });

    test('are renewed with the same fence for the same holder and incident', async () => {
      const { leases, pass } = await make();
      const [first] = await leases.acquire({ resources: [web], ...ada, ttlMs: long });
      await pass(20);
      const [again] = await leases.acquire({ resources: [web], ...ada, ttlMs: long });

      expect(again?.fence).toBe(first?.fence);
      expect(again?.expiresAt ?? '').toSatisfy((at: string) => at > (first?.expiresAt ?? ''));
    });

    test('are refused to the same person for another incident', async () => {
      const { leases } = await make();
      await leases.acquire({ resources: [web], ...ada, ttlMs: long });

      await expect(
        leases.acquire({ resources: [web], ...ada, incident: 'inc00009', ttlMs: long }),
      ).rejects.toMatchObject({ code: 'E_LEASE_HELD' });
    });

    test('of a dead holder can be taken once they have run out, with a higher fence', async () => {
      const { leases, pass } = await make();
      const [dead] = await leases.acquire({ resources: [web], ...ada, ttlMs: short });
      await pass(short + 50);
      expect(await leases.inspect([web])).toEqual([]);

      const [taken] = await leases.acquire({ resources: [web], ...grace, ttlMs: long });

      expect(taken).toMatchObject({ ...grace, fence: (dead?.fence ?? 0) + 1 });
    });

    test('that ran out get a higher fence for their old holder as well', async () => {
      const { leases, pass } = await make();
      const [first] = await leases.acquire({ resources: [web], ...ada, ttlMs: short });
      await pass(short + 50);
      const [second] = await leases.acquire({ resources: [web], ...ada, ttlMs: long });

      expect(second?.fence).toBe((first?.fence ?? 0) + 1);
    });

    test('are extended by renewing, and never shortened', async () => {
      const { leases } = await make();
      const taken = await leases.acquire({ resources: [web, worker], ...ada, ttlMs: short });

      const extended = await leases.renew(taken, long);
      const kept = await leases.renew(extended, 1);

      expect(extended.map((lease) => lease.fence)).toEqual([1, 1]);
      expect(extended.map((lease) => lease.expiresAt > (taken[0]?.expiresAt ?? ''))).toEqual([
        true,
        true,
      ]);
      expect(kept).toEqual(extended);
    });

    test('that ran out cannot be renewed', async () => {
      const { leases, pass } = await make();
      const taken = await leases.acquire({ resources: [web], ...ada, ttlMs: short });
      await pass(short + 50);

      await expect(leases.renew(taken, long)).rejects.toMatchObject({
        code: 'E_LEASE_LOST',
        kind: 'refused',
        message: expect.stringContaining(web) as unknown,
      });
    });

    test('that somebody else took cannot be renewed, and the loser is told who has them', async () => {
      const { leases, pass } = await make();
      const taken = await leases.acquire({ resources: [web], ...ada, ttlMs: short });
      await pass(short + 50);
      const [now] = await leases.acquire({ resources: [web], ...grace, ttlMs: long });

      await expect(leases.renew(taken, long)).rejects.toThrow(grace.holder);
      expect(await leases.inspect([web])).toEqual([now]);
    });

    test('are not extended at all when one of them was lost', async () => {
      const { leases } = await make();
      const [both, lost] = await leases.acquire({ resources: [web, worker], ...ada, ttlMs: long });
      if (both === undefined || lost === undefined) throw new Error('two were asked for');
      await leases.release([lost]);

      await expect(leases.renew([both, lost], 2 * long)).rejects.toMatchObject({
        code: 'E_LEASE_LOST',
      });
      expect(await leases.inspect([web, worker])).toEqual([both]);
    });

    test('are free once given back, but their fence stays used up', async () => {
      const { leases } = await make();
      const taken = await leases.acquire({ resources: [web], ...ada, ttlMs: long });
      await leases.release(taken);
      await leases.release(taken);
      expect(await leases.inspect([web])).toEqual([]);
      await expect(leases.renew(taken, long)).rejects.toMatchObject({ code: 'E_LEASE_LOST' });

      const [next] = await leases.acquire({ resources: [web], ...ada, ttlMs: long });

      expect(next?.fence).toBe(2);
    });

    test('of somebody else are not given back by an older holder', async () => {
      const { leases, pass } = await make();
      const old = await leases.acquire({ resources: [web], ...ada, ttlMs: short });
      await pass(short + 50);
      const now = await leases.acquire({ resources: [web], ...grace, ttlMs: long });

      await leases.release(old);

      expect(await leases.inspect([web])).toEqual(now);
    });

    test.each<[string, boolean]>([
      ['that nobody ever had', false],
      ['that were given back', true],
    ])('%s go to one of twenty who ask at once, in whatever order', async (_what, usedBefore) => {
      const { leases } = await make();
      if (usedBefore) {
        await leases.release(
          await leases.acquire({ resources: [web, worker], ...ada, ttlMs: long }),
        );
      }
      const answers = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          leases.acquire({
            resources: index % 2 === 0 ? [web, worker] : [worker, web],
            holder: `holder ${index}`,
            incident: `inc${index}`,
            ttlMs: long,
          }),
        ),
      );

      const won = answers.filter((answer) => answer.status === 'fulfilled');
      const refused = answers.filter(
        (answer) =>
          answer.status === 'rejected' &&
          (answer.reason as { code?: unknown }).code === 'E_LEASE_HELD',
      );
      expect([won.length, refused.length]).toEqual([1, 19]);
      expect(won[0]?.value).toHaveLength(2);
      expect(await leases.inspect([web, worker])).toEqual(won[0]?.value);
    });

    test('have a fence that only grows, whoever takes, loses and gives back', async () => {
      const { leases, pass } = await make();
      const fences: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        const who = round % 2 === 0 ? ada : grace;
        const taken = await leases.acquire({ resources: [web], ...who, ttlMs: short });
        fences.push(taken[0]?.fence ?? 0);
        if (round < 2) await leases.release(taken);
        else await pass(short + 50);
      }

      expect(fences).toEqual([1, 2, 3, 4]);
    });

    test('can be looked for by the beginning of their names, as those of one service', async () => {
      const { leases, pass } = await make();
      const others = ['storefront/production2/target:web', 'Xstorefront/production/target:web'];
      const like = ['storefront/production/service:web', 'storefront/p%/target:web'];
      await leases.acquire({ resources: [...others, ...like], ...ada, ttlMs: long });
      const taken = await leases.acquire({ resources: [worker, web], ...grace, ttlMs: short });

      expect(await leases.inspectUnder('storefront/production/target:')).toEqual(taken);
      expect(await leases.inspectUnder('storefront/p%/target:')).toHaveLength(1);
      expect(await leases.inspectUnder('nobody/production/target:')).toEqual([]);
      await pass(short + 50);
      expect(await leases.inspectUnder('storefront/production/target:')).toEqual([]);
    });

    test('can be asked for nothing', async () => {
      const { leases } = await make();
      expect(await leases.acquire({ resources: [], ...ada, ttlMs: long })).toEqual([]);
      expect(await leases.renew([], long)).toEqual([]);
      expect(await leases.inspect([])).toEqual([]);
    });
  });
}
