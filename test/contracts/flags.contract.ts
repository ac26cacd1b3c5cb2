import { describe, expect, test } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import {
  effectiveFlags,
  type FlagValue,
  type LiftedOverride,
  type SafeOverride,
} from '../../src/model/flags.ts';
import type { FlagEditor, FlagStore } from '../../src/ports/flags.ts';

export type MadeFlags = AsyncDisposable & { flags: FlagStore & FlagEditor };

const time = (minute: number): string => new Date(Date.UTC(2026, 2, 1, 3, minute)).toISOString();

export function safeOverride(minute: number, more: Partial<SafeOverride> = {}): SafeOverride {
  return {
    mode: 'safe',
    incident: 'inc1',
    since: time(minute),
    by: 'alarm',
    rule: 'critical-errors',
    reason: 'error rate 20 %',
    ...more,
  };
}

export function liftedOverride(minute: number, more: Partial<LiftedOverride> = {}): LiftedOverride {
  return {
    mode: 'lifted',
    incident: 'inc1',
    since: time(minute),
    by: 'dana',
    reason: 'fixed',
    ...more,
  };
}

/** Base: everything on. Safe: everything off, but the limiter on. */
export async function publishSample(flags: FlagEditor): Promise<void> {
  await flags.publish('community', { posts: true, perDay: 50 }, { posts: false, perDay: 5 });
  await flags.publish('limits', { limiter: false }, { limiter: true });
}

export async function valuesOf(flags: FlagStore): Promise<Record<string, FlagValue>> {
  const effective = effectiveFlags(await flags.read());
  return Object.fromEntries(effective.map(({ name, value }) => [name, value]));
}

const ON = { posts: true, perDay: 50, limiter: false };
export const SAFE = { posts: false, perDay: 5, limiter: true };

function runWith(make: () => Promise<MadeFlags>) {
  return async (work: (flags: MadeFlags['flags']) => Promise<void>): Promise<void> => {
    await using made = await make();
    await work(made.flags);
  };
}

/** What every flag store does, whatever it stores in. `make` gives an empty one. */
export function flagStoreContract(store: string, make: () => Promise<MadeFlags>): void {
  describe(`flags in ${store}`, () => {
    const withFlags = runWith(make);

    test('a store in which nothing was published is empty', () =>
      withFlags(async (flags) => {
        expect(await flags.read()).toEqual({ base: {}, safe: {}, overrides: [] });
      }));

    test('one override makes everything safe, and lifting it restores exactly what was there', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.setBase('community', 'perDay', 70);
        const before = await flags.read();
        expect(await flags.engage(safeOverride(1))).toEqual({ changed: true });
        expect(await valuesOf(flags)).toEqual(SAFE);
        expect(await flags.lift(liftedOverride(2))).toEqual({ changed: true });
        const { base, safe } = await flags.read();
        expect({ base, safe }).toEqual({ base: before.base, safe: before.safe });
        expect(await valuesOf(flags)).toEqual({ ...ON, perDay: 70 });
      }));

    test('what was put is read back as it was', () =>
      withFlags(async (flags) => {
        const wanted = safeOverride(1, { groups: ['community'], reason: '“5xx” \n 20 %' });
        await flags.engage(wanted);
        expect((await flags.read()).overrides).toEqual([wanted]);
        const lift = liftedOverride(2);
        await flags.lift(lift);
        expect((await flags.read()).overrides).toEqual([lift]);
      }));

    test('safe state can be asked for before anything was published', () =>
      withFlags(async (flags) => {
        await flags.engage(safeOverride(1));
        await flags.publish('community', { posts: true }, {});
        expect((await flags.read()).overrides).toEqual([safeOverride(1)]);
      }));

    test('asking twice changes nothing the second time', () =>
      withFlags(async (flags) => {
        await flags.engage(safeOverride(1));
        for (const minute of [1, 0]) {
          expect(await flags.engage(safeOverride(minute))).toEqual({ changed: false });
        }
        expect((await flags.read()).overrides).toEqual([safeOverride(1)]);
      }));

    test.each([
      ['the same', undefined, undefined],
      ['a part of what is covered', undefined, ['limits']],
      ['one of two groups', ['community', 'limits'], ['limits']],
      ['no group, of none', [], []],
    ])('asking again later for %s changes its time and nothing else', (_what, first, later) =>
      withFlags(async (flags) => {
        const groups = first === undefined ? {} : { groups: first };
        await flags.engage(safeOverride(1, groups));
        const again = safeOverride(4, { reason: 'still', by: 'eve', rule: 'manual' });
        const wanted = later === undefined ? again : { ...again, groups: later };
        expect(await flags.engage(wanted)).toEqual({ changed: true });
        expect((await flags.read()).overrides).toEqual([safeOverride(4, groups)]);
        expect(await flags.engage(wanted)).toEqual({ changed: false });
      }),
    );

    test('a lift that was decided before somebody asked again is refused', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.engage(safeOverride(0));
        const decided = liftedOverride(60);
        const afterwards = new Date(Date.parse(decided.since) + 300).toISOString();
        await flags.engage(safeOverride(0, { since: afterwards, by: 'emergency' }));
        await expect(flags.lift(decided)).rejects.toMatchObject({ code: 'E_STALE' });
        expect(await valuesOf(flags)).toEqual(SAFE);
        expect(await flags.lift(liftedOverride(61))).toEqual({ changed: true });
        expect(await valuesOf(flags)).toEqual(ON);
      }));

    test('two alarms of one incident add up, in either order', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.engage(safeOverride(5, { groups: ['community'] }));
        await flags.engage(safeOverride(2, { groups: ['limits'] }));
        expect(await valuesOf(flags)).toEqual(SAFE);
        const [override] = (await flags.read()).overrides;
        expect(override).toMatchObject({ groups: ['community', 'limits'], since: time(5) });
        expect(await flags.engage(safeOverride(1))).toEqual({ changed: true });
        expect((await flags.read()).overrides[0]).toEqual(safeOverride(5));
      }));

    test('two incidents hold independently of each other', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.engage(safeOverride(1));
        await flags.engage(safeOverride(2, { incident: 'inc2', groups: ['limits'] }));
        await flags.lift(liftedOverride(3));
        expect(await valuesOf(flags)).toEqual({ ...ON, limiter: true });
      }));

    test('an alarm that is not later than the lift is refused, and never taken for done', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.engage(safeOverride(1));
        await flags.lift(liftedOverride(3));
        for (const minute of [1, 2, 3]) {
          await expect(flags.engage(safeOverride(minute))).rejects.toMatchObject({
            code: 'E_STALE',
            kind: 'refused',
            retryable: false,
            state: expect.stringContaining('does not hold') as unknown,
          });
        }
        expect(await valuesOf(flags)).toEqual(ON);
      }));

    test('an alarm that is later than the lift wins', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.engage(safeOverride(1));
        await flags.lift(liftedOverride(3));
        expect(await flags.engage(safeOverride(4))).toEqual({ changed: true });
        expect(await valuesOf(flags)).toEqual(SAFE);
      }));

    test('a lift that is older than the safe state is refused, and the flags stay held', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.engage(safeOverride(5));
        await expect(flags.lift(liftedOverride(4))).rejects.toMatchObject({
          code: 'E_STALE',
          kind: 'refused',
          remedy: expect.stringContaining(
            '`backout flags lift --incident inc1 --by NAME`',
          ) as unknown,
        });
        expect(await valuesOf(flags)).toEqual(SAFE);
      }));

    test('lifting twice changes nothing the second time', () =>
      withFlags(async (flags) => {
        await flags.engage(safeOverride(1));
        await flags.lift(liftedOverride(2));
        expect(await flags.lift(liftedOverride(2))).toEqual({ changed: false });
        expect(await flags.lift(liftedOverride(9))).toEqual({ changed: false });
        // The later lift also ends what was asked for between the two.
        await expect(flags.engage(safeOverride(5))).rejects.toMatchObject({ code: 'E_STALE' });
      }));

    test('lifting what is not there leaves a tombstone against copies elsewhere', () =>
      withFlags(async (flags) => {
        expect(await flags.lift(liftedOverride(2))).toEqual({ changed: true });
        await expect(flags.engage(safeOverride(1))).rejects.toMatchObject({ code: 'E_STALE' });
      }));

    test('a lift needs a named person', () =>
      withFlags(async (flags) => {
        await flags.engage(safeOverride(1));
        await expect(flags.lift(liftedOverride(2, { by: ' ' }))).rejects.toMatchObject({
          code: 'E_OVERRIDE',
          kind: 'usage',
        });
        expect((await flags.read()).overrides).toEqual([safeOverride(1)]);
      }));

    test.each(['../../x', '', '.hidden', 'a/b', 'a.2', 'a\0b', 'a\u001b[2J', 'ä', 'x'.repeat(300)])(
      'an incident cannot be called %j',
      (incident) =>
        withFlags(async (flags) => {
          await expect(flags.engage(safeOverride(1, { incident }))).rejects.toMatchObject({
            code: 'E_NAME',
          });
        }),
    );

    test('a base value can be changed while it is held, and counts after the lift', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.engage(safeOverride(1));
        expect(await flags.setBase('community', 'posts', false)).toEqual({ previous: true });
        expect(await valuesOf(flags)).toEqual(SAFE);
        await flags.lift(liftedOverride(2));
        expect(await valuesOf(flags)).toEqual({ ...ON, posts: false });
      }));

    test.each([
      ['a group that is not defined', 'nowhere', 'posts', true, 'group "nowhere"'],
      ['a flag that is not defined', 'community', 'nothing', true, 'no flag "nothing"'],
      ['a value of another type', 'community', 'posts', 'off', 'is a boolean'],
      ['a number that is none', 'community', 'perDay', Number.NaN, 'cannot be NaN'],
    ])('%s is refused', (_what, group, flag, value, message) =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await expect(flags.setBase(group, flag, value)).rejects.toMatchObject({
          code: 'E_FLAG',
          kind: 'usage',
          message: expect.stringContaining(message) as unknown,
        });
        expect(await valuesOf(flags)).toEqual(ON);
      }),
    );

    test('publishing adds what is missing and never changes what somebody has set', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.setBase('community', 'posts', false);
        await flags.publish(
          'community',
          { posts: true, perDay: 1, theme: 'dark' },
          { posts: false },
        );
        const { base, safe } = await flags.read();
        expect(base['community']).toEqual({ posts: false, perDay: 50, theme: 'dark' });
        expect(safe['community']).toEqual({ posts: false });
      }));

    test('safe values cannot change while an override is in force; the same ones can be published', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.engage(safeOverride(1, { groups: ['limits'] }));
        await expect(
          flags.publish('community', { posts: true, fresh: 1 }, { posts: true }),
        ).rejects.toMatchObject({ code: 'E_SAFE_FROZEN', kind: 'refused' });
        expect((await flags.read()).base['community']).toEqual({ posts: true, perDay: 50 });
        await publishSample(flags);
        await flags.lift(liftedOverride(2));
        await flags.publish('community', {}, { posts: true });
        expect((await flags.read()).safe['community']).toEqual({ posts: true });
      }));

    test('values that nobody could read back are not published', () =>
      withFlags(async (flags) => {
        for (const name of ['constructor', '']) {
          await expect(flags.publish('community', { [name]: true }, {})).rejects.toMatchObject({
            code: 'E_FLAG',
          });
        }
        expect(await flags.read()).toEqual({ base: {}, safe: {}, overrides: [] });
      }));

    test('what is read belongs to the reader', () =>
      withFlags(async (flags) => {
        await publishSample(flags);
        await flags.engage(safeOverride(1));
        const copy = await flags.read();
        copy.overrides.length = 0;
        Object.assign(copy.safe['community'] ?? {}, { posts: true });
        expect(await valuesOf(flags)).toEqual(SAFE);
      }));

    test('many who ask at once lose nothing', () =>
      withFlags(async (flags) => {
        const groups = Array.from({ length: 20 }, (_, index) => `group${index}`);
        await Promise.all(
          groups.map((group, index) => flags.engage(safeOverride(index, { groups: [group] }))),
        );
        const { overrides } = await flags.read();
        expect(overrides).toMatchObject([{ mode: 'safe', since: time(19) }]);
        const found = overrides.flatMap((one) => (one.mode === 'safe' ? (one.groups ?? []) : []));
        expect(found.toSorted()).toEqual(groups.toSorted());
      }));

    test.each([1, 2, 3, 4, 5])(
      'no sequence without a lift makes a held flag unsafe (seed %i)',
      (seed) =>
        withFlags(async (flags) => {
          const random = seededRandom(seed);
          const pick = <T>(list: readonly [T, ...T[]]): T =>
            list[Math.floor(random() * list.length)] ?? list[0];
          await publishSample(flags);
          const held = new Map<string, FlagValue>();
          const refusals = new Set<string>();
          for (let turn = 0; turn < 60; turn += 1) {
            const incident = pick(['inc1', 'inc2']);
            const groups = pick([undefined, ['community'], ['limits'], []]);
            const wanted = safeOverride(Math.floor(random() * 60), { incident });
            const action = pick<() => Promise<unknown>>([
              () => flags.engage(groups === undefined ? wanted : { ...wanted, groups }),
              () => flags.setBase('community', 'posts', random() < 0.5),
              () => flags.setBase('limits', 'limiter', random() < 0.5),
              () => publishSample(flags),
              () => flags.publish('community', { posts: true }, { posts: random() < 0.5 }),
              () => flags.publish('limits', {}, {}),
            ]);
            const [outcome] = await Promise.allSettled([action()]);
            if (outcome.status === 'rejected') refusals.add(codeOf(outcome.reason));
            const now = effectiveFlags(await flags.read());
            for (const [name, value] of held) {
              expect(now).toContainEqual(expect.objectContaining({ name, value, source: 'safe' }));
            }
            for (const { name, value, heldBy } of now) if (heldBy.length > 0) held.set(name, value);
          }
          expect(held.size).toBeGreaterThan(0);
          expect([...refusals]).toEqual(['E_SAFE_FROZEN']);
        }),
    );
  });
}

function codeOf(error: unknown): string {
  return error instanceof BackoutError ? error.code : String(error);
}

/** Mulberry32: small, and the same everywhere, so that a failing seed fails again. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
