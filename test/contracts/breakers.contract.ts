import { describe, expect, test } from 'vitest';
import type { BreakerState, Epoch } from '../../src/model/breaker.ts';
import type { Override } from '../../src/model/flags.ts';
import type { Instance } from '../../src/model/instance.ts';
import type { Breakers, TripRequest } from '../../src/ports/breakers.ts';
import type { Ids } from '../../src/ports/ids.ts';
import { liftedOverride, safeOverride } from './flags.contract.ts';

export interface MadeBreakers extends AsyncDisposable {
  breakers: Breakers;
  /** As an instance of the service would write it. */
  heartbeat(instance: Instance): Promise<void>;
  /** As after a restart without persistence. */
  restartEmpty(): Promise<void>;
}

const time = (minute: number): string => safeOverride(minute).since;

export function tripRequest(providers: string[], more: Partial<TripRequest> = {}): TripRequest {
  const request = { by: 'alarm', reason: 'tripped', incident: 'inc1', at: time(1) };
  return { providers, ...request, ...more };
}

const closed = (minute: number): BreakerState => ({
  state: 'closed',
  since: time(minute),
  by: 'dana',
});

/** Generations g1, g2, …; no randomness is needed. */
export function countingIds(): Ids {
  let count = 0;
  return { next: () => `g${(count += 1)}`, random: () => 0.5 };
}

const next = ({ generation, counter }: Epoch): Epoch => ({ generation, counter: counter + 1 });

async function mirrored(breakers: Breakers): Promise<Override | undefined> {
  const { overrides } = await breakers.read();
  return overrides.find(({ incident }) => incident === 'inc1');
}

function runWith(make: () => Promise<MadeBreakers>) {
  return async (work: (breakers: Breakers, made: MadeBreakers) => Promise<void>): Promise<void> => {
    await using made = await make();
    await work(made.breakers, made);
  };
}

/** What the breakers do, wherever they are kept. `make` gives empty ones. */
export function breakersContract(name: string, make: () => Promise<MadeBreakers>): void {
  describe(`breakers in ${name}`, () => {
    const withBreakers = runWith(make);

    test('an empty store begins a generation at 0 and keeps it', () =>
      withBreakers(async (breakers) => {
        const first = await breakers.read();
        expect(first).toEqual({
          epoch: { generation: expect.any(String) as unknown, counter: 0 },
          states: {},
          overrides: [],
        });
        expect((await breakers.read()).epoch).toEqual(first.epoch);
      }));

    test('one trip opens all the providers and mirrors the override, as one change', () =>
      withBreakers(async (breakers) => {
        const { epoch } = await breakers.read();
        const request = tripRequest(['stripe', 'fcm'], { override: safeOverride(1) });
        expect(await breakers.trip(request)).toEqual(next(epoch));
        const open = { state: 'open', since: time(1), by: 'alarm', reason: 'tripped' };
        expect(await breakers.read()).toEqual({
          epoch: next(epoch),
          states: { stripe: { ...open, incident: 'inc1' }, fcm: { ...open, incident: 'inc1' } },
          overrides: [safeOverride(1)],
        });
      }));

    test('tripping again for the same incident changes nothing', () =>
      withBreakers(async (breakers) => {
        const request = tripRequest(['stripe'], { override: safeOverride(1) });
        const epoch = await breakers.trip(request);
        expect(await breakers.trip(request)).toEqual(epoch);
        expect(await breakers.trip({ ...request, at: time(5) })).toEqual(epoch);
        expect(await breakers.trip(tripRequest([]))).toEqual(epoch);
      }));

    test('a trip opens what is half-open again, and takes over what is open for another incident', () =>
      withBreakers(async (breakers) => {
        let epoch = await breakers.trip(tripRequest(['stripe', 'fcm']));
        const sampling = {
          state: 'half-open',
          since: time(2),
          by: 'recover',
          sample: 0.1,
        } as const;
        epoch = await breakers.set('stripe', { ...sampling, incident: 'inc1' }, epoch);
        await breakers.trip(tripRequest(['stripe', 'fcm'], { incident: 'inc2', at: time(3) }));
        expect((await breakers.read()).states).toMatchObject({
          stripe: { state: 'open', incident: 'inc2' },
          fcm: { state: 'open', incident: 'inc2' },
        });
      }));

    test('a trip that comes late leaves alone what was decided since, and opens the rest', () =>
      withBreakers(async (breakers) => {
        let epoch = await breakers.trip(tripRequest(['stripe', 'fcm'], { at: time(1) }));
        epoch = await breakers.set('stripe', closed(5), epoch);
        const sampling = {
          state: 'half-open',
          since: time(5),
          by: 'recover',
          sample: 0.1,
        } as const;
        epoch = await breakers.set('fcm', sampling, epoch);
        for (const incident of ['inc1', 'inc2']) {
          const late = tripRequest(['stripe', 'fcm'], { at: time(4), incident });
          expect(await breakers.trip(late)).toEqual(epoch);
        }
        await breakers.trip(tripRequest(['stripe', 'fcm', 'apns'], { at: time(4) }));
        expect((await breakers.read()).states).toEqual({
          stripe: closed(5),
          fcm: sampling,
          apns: expect.objectContaining({ state: 'open', since: time(4) }) as unknown,
        });
      }));

    test('a trip of the same instant opens: the safe side wins', () =>
      withBreakers(async (breakers) => {
        const { epoch } = await breakers.read();
        await breakers.set('stripe', { ...closed(5), since: time(5).replace('.000Z', 'Z') }, epoch);
        await breakers.trip(tripRequest(['stripe'], { at: time(5) }));
        expect((await breakers.read()).states).toMatchObject({ stripe: { state: 'open' } });
      }));

    test('an isolated breaker stays isolated', () =>
      withBreakers(async (breakers) => {
        const held = { state: 'isolated', since: time(0), by: 'dana', reason: 'contract' } as const;
        const epoch = await breakers.set('stripe', held, (await breakers.read()).epoch);
        expect(await breakers.trip(tripRequest(['stripe']))).toEqual(epoch);
        await breakers.trip(tripRequest(['stripe', 'fcm']));
        expect((await breakers.read()).states).toMatchObject({
          stripe: held,
          fcm: { state: 'open' },
        });
      }));

    test('a change is refused when somebody changed something since', () =>
      withBreakers(async (breakers) => {
        const seen = await breakers.trip(tripRequest(['stripe', 'fcm']));
        const now = await breakers.set('stripe', closed(2), seen);
        expect(now).toEqual(next(seen));
        await expect(breakers.set('fcm', closed(3), seen)).rejects.toMatchObject({
          code: 'E_BREAKER_CHANGED',
          kind: 'refused',
        });
        const { states, epoch } = await breakers.read();
        expect(states).toMatchObject({ stripe: { state: 'closed' }, fcm: { state: 'open' } });
        expect(epoch).toEqual(now);
      }));

    test('a change that is repeated because its answer got lost is done', () =>
      withBreakers(async (breakers) => {
        const seen = await breakers.trip(tripRequest(['stripe']));
        const now = await breakers.set('stripe', closed(2), seen);
        expect(await breakers.set('stripe', closed(2), seen)).toEqual(now);
      }));

    test('a state that would be read back as another is refused', () =>
      withBreakers(async (breakers) => {
        const { epoch } = await breakers.read();
        const sampling = { state: 'half-open', since: time(1), by: 'recover' } as const;
        for (const wrong of [{ sample: 7 }, { sample: Number.NaN }, { sample: 1, since: 'now' }]) {
          await expect(
            breakers.set('stripe', { ...sampling, ...wrong }, epoch),
          ).rejects.toMatchObject({ code: 'E_BREAKER', kind: 'usage' });
        }
        expect((await breakers.read()).states).toEqual({});
      }));

    test('of many changes at once on one epoch, one wins', () =>
      withBreakers(async (breakers) => {
        const seen = await breakers.trip(tripRequest(['stripe']));
        const results = await Promise.allSettled(
          Array.from({ length: 10 }, (_, minute) => breakers.set('stripe', closed(minute), seen)),
        );
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        expect((await breakers.read()).epoch).toEqual(next(seen));
      }));

    test('trips at once all count, and nobody sees half of one', () =>
      withBreakers(async (breakers) => {
        const { epoch } = await breakers.read();
        const providers = Array.from({ length: 8 }, (_, index) => `provider${index}`);
        const trips = Array.from({ length: 10 }, (_, index) =>
          breakers.trip(tripRequest(providers, { incident: `inc${index}` })),
        );
        const looks = await Promise.all(Array.from({ length: 20 }, () => breakers.read()));
        for (const { states } of looks) {
          const incidents = new Set(
            Object.values(states).map((state) => 'incident' in state && state.incident),
          );
          expect(incidents.size).toBeLessThanOrEqual(1);
          expect([0, 8]).toContain(Object.keys(states).length);
        }
        const counters = (await Promise.all(trips)).map(({ counter }) => counter - epoch.counter);
        expect(counters.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      }));

    test('announcing mirrors an override and its end', () =>
      withBreakers(async (breakers) => {
        const { epoch } = await breakers.read();
        expect(await breakers.announce(safeOverride(1))).toEqual(next(epoch));
        expect(await breakers.announce(safeOverride(1))).toEqual(next(epoch));
        expect(await breakers.announce(liftedOverride(2))).toEqual(next(next(epoch)));
        expect(await mirrored(breakers)).toEqual(liftedOverride(2));
      }));

    test('the mirror never goes back in time', () =>
      withBreakers(async (breakers) => {
        const epoch = await breakers.announce(safeOverride(5));
        expect(await breakers.announce(liftedOverride(4))).toEqual(epoch);
        expect(await mirrored(breakers)).toEqual(safeOverride(5));
        await breakers.announce(liftedOverride(6));
        for (const minute of [5, 6]) await breakers.announce(safeOverride(minute));
        await breakers.trip(tripRequest(['stripe'], { override: safeOverride(3) }));
        expect(await mirrored(breakers)).toEqual(liftedOverride(6));
        expect((await breakers.read()).states).toMatchObject({ stripe: { state: 'open' } });
        await breakers.announce(safeOverride(7));
        expect(await mirrored(breakers)).toEqual(safeOverride(7));
      }));

    test('the mirror is only ever made wider', () =>
      withBreakers(async (breakers) => {
        await breakers.announce(safeOverride(3, { groups: ['a', 'b'] }));
        await breakers.announce(safeOverride(2, { groups: ['c', 'a'], reason: 'späte "5xx" \n' }));
        expect(await mirrored(breakers)).toMatchObject({
          groups: ['a', 'b', 'c'],
          since: time(3),
          reason: 'späte "5xx" \n',
        });
        const { epoch } = await breakers.read();
        expect(await breakers.announce(safeOverride(1, { groups: ['b'] }))).toEqual(epoch);
        await breakers.announce(safeOverride(1));
        expect(await mirrored(breakers)).toEqual(safeOverride(3));
      }));

    test.each([
      ['the same', undefined, undefined],
      ['a part', ['a', 'b'], ['b']],
      ['no group, of none', [], []],
    ])('the mirror takes the later time of who asks again for %s', (_what, first, later) =>
      withBreakers(async (breakers) => {
        const groups = first === undefined ? {} : { groups: first };
        await breakers.announce(safeOverride(3, groups));
        const { epoch } = await breakers.read();
        const again = safeOverride(9, { reason: 'still', by: 'eve' });
        const wanted = later === undefined ? again : { ...again, groups: later };
        expect(await breakers.announce(wanted)).toEqual(next(epoch));
        expect(await mirrored(breakers)).toEqual(safeOverride(9, groups));
        expect(await breakers.announce(wanted)).toEqual(next(epoch));
        // Decided before: it ends nothing.
        await breakers.announce(liftedOverride(8));
        expect(await mirrored(breakers)).toMatchObject({ mode: 'safe' });
      }),
    );

    test('an override that cannot be read is not mirrored', () =>
      withBreakers(async (breakers) => {
        const unreadable = { mode: 'unreadable', incident: 'inc1', problem: 'torn' } as const;
        await expect(breakers.announce(unreadable)).rejects.toMatchObject({ code: 'E_OVERRIDE' });
        const request = tripRequest(['stripe'], {
          override: safeOverride(1, { incident: 'inc2' }),
        });
        await expect(breakers.trip(request)).rejects.toMatchObject({ code: 'E_OVERRIDE' });
        expect((await breakers.read()).states).toEqual({});
      }));

    test('a store that restarted empty begins another generation', () =>
      withBreakers(async (breakers, made) => {
        const before = await breakers.trip(tripRequest(['stripe']));
        await made.restartEmpty();
        const after = await breakers.read();
        expect(after).toMatchObject({ epoch: { counter: 0 }, states: {}, overrides: [] });
        expect(after.epoch.generation).not.toBe(before.generation);
        await expect(breakers.set('stripe', closed(2), before)).rejects.toMatchObject({
          code: 'E_BREAKER_CHANGED',
        });
        expect(await breakers.trip(tripRequest(['stripe']))).toEqual(next(after.epoch));
      }));

    test('heartbeats tell who runs and what they use', () =>
      withBreakers(async (breakers, made) => {
        expect(await breakers.instances()).toEqual([]);
        const epoch = await breakers.trip(tripRequest(['stripe']));
        const first = { id: 'api-1', applied: epoch, heartbeat: time(1), release: 'v1.2.0' };
        const second = { id: 'api-2', applied: undefined, heartbeat: time(2) };
        await made.heartbeat(first);
        await made.heartbeat(second);
        const found = await breakers.instances();
        expect(found.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([first, second]);
      }));

    test.each(['', 'a b', 'a:b', '{a}', 'a*', 'a?', '[a]', 'a\\b', 'x'.repeat(64)])(
      'a provider cannot be called %j',
      (provider) =>
        withBreakers(async (breakers) => {
          const { epoch } = await breakers.read();
          await expect(breakers.trip(tripRequest([provider]))).rejects.toMatchObject({
            code: 'E_NAME',
            kind: 'usage',
          });
          await expect(breakers.set(provider, closed(1), epoch)).rejects.toMatchObject({
            code: 'E_NAME',
          });
        }),
    );
  });
}
