/** What the contract of flag stores cannot ask: trouble on the wire, sizes, and numbers of calls. */

import { beforeEach, describe, expect, it } from 'vitest';
import { PARAMETER_BYTES } from '../../../src/model/flag-parts.ts';
import type { FlagValues } from '../../../src/model/flags.ts';
import {
  liftedOverride,
  publishSample,
  SAFE,
  safeOverride,
  valuesOf,
} from '../../contracts/flags.contract.ts';
import { parameterFixture } from '../../support/aws-parameters.ts';
import {
  type Behaviour,
  before,
  dropAfter,
  hold,
  refuse,
  throttle,
} from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../../support/aws-server.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(() => loadServices('ssm'), AWS_SETUP_MS);

/** The same proportions as the real one, in tenths. */
const SHORT = { call: 300, unanswered: 1_500, throttled: 4_000 };

/** The next `times` calls of the operation go wrong in this way. */
function next(operation: string, times: number, answer: Awaited<ReturnType<Behaviour>>): Behaviour {
  let left = times;
  return (call, ask) => {
    if (call.operation !== operation || left === 0) return ask();
    left -= 1;
    return Promise.resolve(answer);
  };
}

function nextHang(operation: string, times: number): Behaviour {
  let left = times;
  return hold(operation, () => left-- > 0);
}

/** One flag for each number, in a group. */
function manyFlags(count: number, value: boolean): FlagValues {
  const names = Array.from(
    { length: count },
    (_, at) => `feature_${String(at).padStart(5, '0')}_enabled`,
  );
  return Object.fromEntries(names.map((name) => [name, value]));
}

describe('Making safe', () => {
  it.each([1, 100, 10_000])(
    'with %i flags is one write, read back once',
    async (count) => {
      await using at = await parameterFixture();
      await at.others.publish('features', manyFlags(count, true), manyFlags(count, false));
      expect(await at.flags.engage(safeOverride(1))).toEqual({ changed: true });
      expect(at.proxy.calls.map(({ operation }) => operation)).toEqual([
        'PutParameter',
        'GetParameters',
      ]);
      const values = Object.values(await valuesOf(at.others));
      expect(values).toHaveLength(count);
      expect(values).not.toContain(true);
    },
    120_000,
  );

  it.each<[string, Behaviour, number]>([
    ['is told three times that there are too many calls', throttle('PutParameter', 3), 4],
    [
      'meets two faults of AWS',
      next('PutParameter', 2, { status: 500, error: 'InternalServerError', body: 'x' }),
      3,
    ],
    ['loses its connection before it was heard', next('PutParameter', 1, 'drop'), 2],
    ['is not answered in time', nextHang('PutParameter', 1), 2],
    ['loses the answer to what was done', dropAfter('PutParameter', 1), 2],
    ['cannot read back at first', throttle('GetParameters', 2), 1],
  ])('goes on when it %s', async (_what, trouble, puts) => {
    await using at = await parameterFixture(SHORT);
    await publishSample(at.others);
    at.proxy.use(trouble);
    expect(await at.flags.engage(safeOverride(1))).toEqual({ changed: true });
    expect(at.proxy.inputs('PutParameter')).toHaveLength(puts);
    expect(at.proxy.carriedOut('PutParameter')).toHaveLength(1);
    expect(await valuesOf(at.others)).toEqual(SAFE);
  });

  it.each<[string, Behaviour, RegExp, boolean]>([
    ['never answers', hold('PutParameter'), /did not answer .* times/, true],
    [
      'always has a fault',
      refuse('PutParameter', 503, 'ServiceUnavailable'),
      /did not answer/,
      true,
    ],
    [
      'takes no more calls',
      refuse('PutParameter', 400, 'ThrottlingException'),
      /no more calls/,
      true,
    ],
    [
      'does not allow it',
      refuse('PutParameter', 400, 'AccessDeniedException'),
      /AccessDenied/,
      false,
    ],
    ['never lets it be read back', hold('GetParameters'), /did not answer/, true],
  ])('is unknown, and ends in time, when AWS %s', async (_what, trouble, message, retryable) => {
    await using at = await parameterFixture(SHORT);
    at.proxy.use(trouble);
    const from = performance.now();
    await expect(at.flags.engage(safeOverride(1))).rejects.toMatchObject({
      code: 'E_FLAGS_UNREACHABLE',
      kind: 'uncertain',
      message: expect.stringMatching(message) as unknown,
      retryable,
    });
    expect(performance.now() - from).toBeLessThan(SHORT.throttled + 2 * SHORT.call + 1_000);
  });

  it('does not ask again for what is not allowed', async () => {
    await using at = await parameterFixture();
    at.proxy.use(refuse('PutParameter', 400, 'AccessDeniedException'));
    await at.flags.engage(safeOverride(1)).catch(() => undefined);
    expect(at.proxy.calls).toHaveLength(1);
  });

  it('pays for a parameter when the account has used up those that cost nothing', async () => {
    await using at = await parameterFixture();
    at.proxy.use((call, ask) =>
      call.input['Tier'] === 'Standard'
        ? Promise.resolve({ status: 400, error: 'ParameterLimitExceeded', body: 'too many' })
        : ask(),
    );
    expect(await at.flags.engage(safeOverride(1))).toEqual({ changed: true });
    expect(at.proxy.carriedOut('PutParameter')).toMatchObject([{ Tier: 'Advanced' }]);
  });

  it('shortens a reason that is too long, and keeps the groups', async () => {
    await using at = await parameterFixture();
    const wanted = safeOverride(1, { groups: ['community'], reason: '“€”\n'.repeat(3_000) });
    await at.flags.engage(wanted);
    const [override] = (await at.flags.read()).overrides;
    expect(override).toMatchObject({ mode: 'safe', groups: ['community'] });
    expect(
      Object.values(await at.stored()).map((text) => Buffer.byteLength(text))[0],
    ).toBeGreaterThan(3_500);
    expect(await at.flags.engage(wanted)).toEqual({ changed: false });
  });

  it('covers every group when the names of the groups are too many', async () => {
    await using at = await parameterFixture();
    const groups = Array.from({ length: 300 }, (_, index) => `group-with-a-name-${index}`);
    await at.flags.engage(safeOverride(1, { groups }));
    const [override] = (await at.flags.read()).overrides;
    expect(override).toEqual(safeOverride(1));
  });

  it('finds the newest of more documents than one call reads', async () => {
    await using at = await parameterFixture();
    for (let minute = 1; minute <= 23; minute += 1) await at.flags.engage(safeOverride(minute));
    expect((await at.flags.read()).overrides).toEqual([safeOverride(23)]);
    await expect(at.flags.lift(liftedOverride(22))).rejects.toMatchObject({ code: 'E_STALE' });
    expect(await at.flags.lift(liftedOverride(23))).toEqual({ changed: true });
  });

  it('is not taken in by a log whose beginning is gone', async () => {
    await using at = await parameterFixture();
    await at.put(`${at.paths.overrides}/inc1.2.lifted`, JSON.stringify(liftedOverride(5)));
    await expect(at.flags.engage(safeOverride(1))).rejects.toMatchObject({ code: 'E_STALE' });
    expect(await at.flags.engage(safeOverride(6))).toEqual({ changed: true });
    expect((await at.flags.read()).overrides).toEqual([safeOverride(6)]);
  });
});

describe('A lift and a newer alarm at the same time', () => {
  it('leave the flags safe', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await at.others.engage(safeOverride(1));
    at.proxy.use(before('PutParameter', () => at.others.engage(safeOverride(9)).then(() => {})));
    await expect(at.flags.lift(liftedOverride(5))).rejects.toMatchObject({ code: 'E_STALE' });
    expect((await at.others.read()).overrides).toEqual([safeOverride(9)]);
    expect(await valuesOf(at.others)).toEqual(SAFE);
  });

  it('leave the flags safe also when the lift is first to be stored', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await at.others.engage(safeOverride(1));
    at.proxy.use(before('PutParameter', () => at.others.lift(liftedOverride(5)).then(() => {})));
    expect(await at.flags.engage(safeOverride(9))).toEqual({ changed: true });
    expect(await valuesOf(at.others)).toEqual(SAFE);
  });

  it('leave the flags safe however many came before the lift', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await at.others.engage(safeOverride(1));
    at.proxy.use(
      before('PutParameter', async () => {
        for (const minute of [6, 7, 8]) await at.others.engage(safeOverride(minute));
      }),
    );
    await expect(at.flags.lift(liftedOverride(5))).rejects.toMatchObject({ code: 'E_STALE' });
    expect((await at.others.read()).overrides).toEqual([safeOverride(8)]);
  });

  it('whose role may only make safe: what it could write under that name lifts nothing', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await at.others.engage(safeOverride(1));
    await at.put(`${at.paths.overrides}/inc1.2`, JSON.stringify(liftedOverride(5)));
    expect((await at.others.read()).overrides).toMatchObject([{ mode: 'unreadable' }]);
    expect(await valuesOf(at.others)).toEqual(SAFE);
    await at.others.lift(liftedOverride(6));
    expect((await at.others.read()).overrides).toEqual([liftedOverride(6)]);
  });

  it('whose lift comes right after what was put is told to the alarm', async () => {
    await using at = await parameterFixture();
    at.proxy.use(before('GetParameters', () => at.others.lift(liftedOverride(5)).then(() => {})));
    await expect(at.flags.engage(safeOverride(1))).rejects.toMatchObject({ code: 'E_STALE' });
  });
});

describe('Many flags', () => {
  it('are kept in parameters of their size, all of which are read', async () => {
    await using at = await parameterFixture();
    const [base, safe] = [manyFlags(10_000, true), manyFlags(10_000, false)];
    await at.flags.publish('features', base, safe);
    const texts = Object.values(await at.stored());
    expect(texts.length).toBeGreaterThan(150);
    expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(
      PARAMETER_BYTES,
    );
    expect(await at.flags.read()).toEqual({
      base: { features: base },
      safe: { features: safe },
      overrides: [],
    });
    at.proxy.calls.length = 0;
    await at.flags.publish('features', base, safe);
    expect(at.proxy.inputs('PutParameter')).toEqual([]);
    expect(await at.flags.setBase('features', 'feature_05000_enabled', false)).toEqual({
      previous: true,
    });
    expect(at.proxy.inputs('PutParameter')).toHaveLength(1);
  }, 120_000);

  it('of which one has no room where it is, move that one', async () => {
    await using at = await parameterFixture();
    const values = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`flag${index}`, 'x'.repeat(100)]),
    );
    await at.flags.publish('texts', values, {});
    await at.flags.setBase('texts', 'flag7', 'y'.repeat(3_000));
    expect((await at.flags.read()).base['texts']).toEqual({ ...values, flag7: 'y'.repeat(3_000) });
  });

  it('one of which is longer than a parameter are refused, and nothing is stored', async () => {
    await using at = await parameterFixture();
    await expect(at.flags.publish('texts', { long: 'x'.repeat(4_300) }, {})).rejects.toMatchObject({
      code: 'E_SSM_SIZE',
      kind: 'usage',
      message: expect.stringMatching(/needs 4,?312 of the 4,?096 bytes/) as unknown,
    });
  });
});

describe('Changing base values', () => {
  const two = { first: true, second: true };

  it('keeps what somebody else changed in the same moment', async () => {
    await using at = await parameterFixture();
    await at.flags.publish('features', two, {});
    at.proxy.use(
      before('PutParameter', () => at.others.setBase('features', 'first', false).then(() => {})),
    );
    await at.flags.setBase('features', 'second', false);
    expect((await at.flags.read()).base['features']).toEqual({ first: false, second: false });
  });

  it.each<[string, Behaviour]>([
    ['answer to what was done', dropAfter('PutParameter', 1)],
    ['call', next('PutParameter', 1, 'drop')],
  ])('is done once when the %s is lost', async (_what, trouble) => {
    await using at = await parameterFixture(SHORT);
    await at.flags.publish('features', two, {});
    at.proxy.use(trouble);
    expect(await at.flags.setBase('features', 'second', false)).toEqual({ previous: true });
    expect((await at.flags.read()).base['features']).toEqual({ first: true, second: false });
  });

  it('says what to do when the oldest version is held by a label', async () => {
    await using at = await parameterFixture();
    await at.flags.publish('features', two, {});
    at.proxy.use(refuse('PutParameter', 400, 'ParameterMaxVersionLimitExceeded'));
    await expect(at.flags.setBase('features', 'first', false)).rejects.toMatchObject({
      code: 'E_SSM_VERSIONS',
      remedy: expect.stringContaining('unlabel-parameter-version') as unknown,
    });
    expect(at.proxy.inputs('PutParameter').length).toBe(3);
  });

  it('puts safe values back when an alarm came while they were published', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    at.proxy.use(before('PutParameter', () => at.others.engage(safeOverride(1)).then(() => {})));
    await expect(
      at.flags.publish('community', {}, { posts: true, perDay: 5 }),
    ).rejects.toMatchObject({ code: 'E_SAFE_FROZEN' });
    expect(await valuesOf(at.others)).toEqual(SAFE);
  });

  it('is refused where what is stored cannot be understood, and safe state is not', async () => {
    await using at = await parameterFixture();
    await at.put(`${at.paths.flags}/features`, '{"first": tru');
    await expect(at.flags.read()).rejects.toMatchObject({ code: 'E_FLAGS_CORRUPT' });
    await expect(at.flags.setBase('features', 'first', false)).rejects.toMatchObject({
      code: 'E_FLAGS_CORRUPT',
    });
    expect(await at.flags.engage(safeOverride(1))).toEqual({ changed: true });
  });
});
