import { describe, expect, it } from 'vitest';
import { memoryLeases } from '../../src/adapters/memory/leases.ts';
import { NO_LEASES, withLeases } from '../../src/operations/leases.ts';
import type { Leases } from '../../src/ports/leases.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { down, unreachable, watched } from '../support/memory-ports.ts';

const TTL = 30_000;
const WEB = 'storefront/production/target:web';

const request = (holder: string) => ({
  resources: [WEB],
  holder,
  incident: `incident of ${holder}`,
  ttlMs: TTL,
});

function setting() {
  const clock = fakeClock();
  const calls: string[] = [];
  const notes: string[] = [];
  const store = memoryLeases(clock);
  const options = (more: { leases?: Leases; waitMs?: number; holder?: string } = {}) => ({
    leases: more.leases ?? watched('leases', store, calls),
    clock,
    request: request(more.holder ?? 'kim'),
    waitMs: more.waitMs ?? 0,
    note: (text: string) => void notes.push(text),
  });
  return { clock, calls, notes, store, options };
}

describe('work under leases', () => {
  it('has them from before it begins until after it ends', async () => {
    const { clock, options, store } = setting();
    let during = 0;
    const result = await clock.run(
      withLeases(options(), async (held) => {
        during = (await store.inspect([WEB])).length;
        expect(held.fence(WEB)).toBe(1);
        expect(held.fence('storefront/production/target:other')).toBe(0);
        return 'done';
      }),
    );
    expect([result, during]).toEqual(['done', 1]);
    expect(await store.inspect([WEB])).toEqual([]);
    expect(clock.sleeping()).toBe(0);
  });

  it('gives them back when it fails, and fails with its own error', async () => {
    const { clock, options, store } = setting();
    const failing = withLeases(options(), () => Promise.reject(new Error('mine')));
    await expect(clock.run(failing)).rejects.toThrow('mine');
    expect(await store.inspect([WEB])).toEqual([]);
  });

  it('keeps them for as long as it lasts, renewed at a third of their time', async () => {
    const { clock, calls, options, store } = setting();
    await clock.run(
      withLeases(options(), async (held) => {
        await clock.sleep(10 * TTL);
        await held.prove();
        expect(await store.inspect([WEB])).toHaveLength(1);
      }),
    );
    // 29 on time, and the proof itself; the thirtieth falls together with the end of the work.
    const renewals = calls.filter((call) => call === 'leases.renew').length;
    expect(renewals).toBeGreaterThanOrEqual(30);
    expect(renewals).toBeLessThanOrEqual(31);
  });

  it('goes on when two renewals fail, because the lease still holds', async () => {
    const { clock, store, options } = setting();
    let renewals = 0;
    const flaky: Leases = {
      ...store,
      renew: (...given) => {
        renewals += 1;
        return renewals <= 2 ? Promise.reject(unreachable()) : store.renew(...given);
      },
    };
    const work = withLeases(options({ leases: flaky }), async (held) => {
      await clock.sleep(TTL - 1);
      await held.prove();
      return 'proven';
    });
    expect(await clock.run(work)).toBe('proven');
  });

  it('is told when nothing could renew them in time, and leaves those of the next one alone', async () => {
    const { clock, store, options } = setting();
    const leases = down(store, 'renew');
    const work = withLeases(options({ leases }), async (held) => {
      expect(held.lost.aborted).toBe(false);
      await clock.sleep(TTL + 1);
      await store.acquire(request('lee'));
      // What runs under it is told, as soon as nothing renewed it for all of its time.
      expect(held.lost.aborted).toBe(true);
    });
    await clock.run(work);
    expect(await store.inspect([WEB])).toMatchObject([{ holder: 'lee', fence: 2 }]);
  });

  it('is refused its next proof when they were lost', async () => {
    const { clock, store, options } = setting();
    const work = withLeases(options(), async (held) => {
      await store.release(await store.inspect([WEB]));
      await store.acquire(request('lee'));
      await held.prove();
    });
    await expect(clock.run(work)).rejects.toMatchObject({
      code: 'E_LEASE_LOST',
      kind: 'refused',
      message: expect.stringContaining('lee') as string,
    });
  });

  it('is not failed by leases that cannot be given back', async () => {
    const { clock, store, options } = setting();
    const leases = { ...store, release: () => Promise.reject(unreachable()) };
    expect(await clock.run(withLeases(options({ leases }), async () => 'done'))).toBe('done');
  });

  it('needs no store where it needs no lease', async () => {
    const { clock, options, store } = setting();
    const none = { ...options({ leases: down(store) }) };
    const given = { ...none, request: { ...none.request, resources: [] } };
    await clock.run(
      withLeases(given, async (held) => {
        await held.prove();
        expect(held).toBe(NO_LEASES);
      }),
    );
  });
});

describe('leases that somebody else holds', () => {
  it('are refused at once when there is no time to wait', async () => {
    const { clock, store, options } = setting();
    await store.acquire(request('lee'));
    const began = clock.now();
    const work = withLeases(options(), async () => 'done');
    await expect(clock.run(work)).rejects.toMatchObject({
      code: 'E_LEASE_HELD',
      message: expect.stringMatching(/lee.*incident of lee/) as string,
    });
    expect(clock.now()).toBe(began);
  });

  it('are waited for until they run out, and it is told once', async () => {
    const { clock, store, options, notes } = setting();
    await store.acquire(request('lee'));
    const began = clock.now();
    const fence = await clock.run(
      withLeases(options({ waitMs: TTL + 5_000 }), async (held) => held.fence(WEB)),
    );
    expect(fence).toBe(2);
    expect(clock.now() - began).toBeLessThanOrEqual(TTL + 250);
    expect(notes).toEqual([expect.stringContaining('Waiting for it to run out')]);
  });

  it('are not waited for longer than asked, though they are renewed for ever', async () => {
    const { clock, store, options } = setting();
    const began = clock.now();
    const over = new AbortController();
    const other = withLeases({ ...options(), request: request('lee') }, async () => {
      while (!over.signal.aborted) await clock.sleep(1_000);
    });
    await clock.advance(0);
    const ours = withLeases(options({ waitMs: 40_000 }), async () => 'done').finally(() =>
      over.abort(),
    );
    await expect(clock.run(ours)).rejects.toMatchObject({ code: 'E_LEASE_HELD' });
    expect(clock.now() - began).toBeLessThanOrEqual(40_250);
    await clock.run(other);
    expect(await store.inspect([WEB])).toEqual([]);
  });

  it('that cannot be asked about are not waited for', async () => {
    const { clock, options, store } = setting();
    const work = withLeases(options({ leases: down(store), waitMs: 60_000 }), async () => 'done');
    await expect(clock.run(work)).rejects.toMatchObject({ code: 'E_DOWN' });
    expect(clock.sleeping()).toBe(0);
  });
});
