/** Flags that have a parameter each. */

import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { ssmFlags } from '../../../src/adapters/aws/ssm-flags.ts';
import { ssmSingleFlags } from '../../../src/adapters/aws/ssm-single-flags.ts';
import type { Patience } from '../../../src/adapters/aws/ssm-retry.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import type { SingleFlag } from '../../../src/model/single-flags.ts';
import { valuesOf } from '../../contracts/flags.contract.ts';
import { parameterFixture } from '../../support/aws-parameters.ts';
import { before, dropAfter, refuse, throttle } from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../../support/aws-server.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(() => loadServices('ssm'), AWS_SETUP_MS);

const STORED = { posts: 'On', perDay: '50', theme: 'dark', untouched: 'yes' };

async function singleFixture(patience?: Patience) {
  const at = await parameterFixture(patience);
  const flag = (name: keyof typeof STORED, type: SingleFlag['type']) => ({
    group: 'old',
    name,
    parameter: `${at.prefix}/old/${name}`,
    type,
  });
  const flags: SingleFlag[] = [
    { ...flag('posts', 'boolean'), safe: false },
    { ...flag('perDay', 'number'), safe: 5 },
    { ...flag('theme', 'string'), safe: 'plain' },
    flag('untouched', 'boolean'),
  ];
  for (const [name, text] of Object.entries(STORED)) await at.put(`${at.prefix}/old/${name}`, text);
  const singles = ssmSingleFlags({
    calls: at.calls,
    clock: systemClock,
    flags,
    throughput: 'high',
  });
  const texts = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(await at.stored())
        .filter(([name]) => name.includes('/old/'))
        .map(([name, text]) => [name.split('/').at(-1) ?? name, text] as const),
    );
  return Object.assign(at, { singles, definitions: flags, texts });
}

const SAFE = { posts: 'Off', perDay: '5', theme: 'plain', untouched: 'yes' };

describe('Flags with a parameter each', () => {
  it('are made safe in their own style, and put back as they were', async () => {
    await using at = await singleFixture();
    const found = await at.singles.look();
    expect(found.map(({ name, text, version }) => [name, text, version])).toEqual([
      ['posts', 'On', 1],
      ['perDay', '50', 1],
      ['theme', 'dark', 1],
    ]);
    await at.singles.makeSafe(found);
    expect(await at.texts()).toEqual(SAFE);
    expect(await at.singles.look()).toEqual([]);
    await at.singles.restore(found);
    expect(await at.texts()).toEqual(STORED);
  });

  it('are written once, also when both are asked for twice', async () => {
    await using at = await singleFixture();
    const found = await at.singles.look();
    for (const work of ['makeSafe', 'makeSafe', 'restore', 'restore'] as const) {
      await at.singles[work](found);
    }
    expect(at.proxy.inputs('PutParameter')).toHaveLength(2 * found.length);
  });

  it('are those of the groups asked for', async () => {
    await using at = await singleFixture();
    expect(await at.singles.look(['others'])).toEqual([]);
    expect(await at.singles.look(['old'])).toHaveLength(3);
  });

  it('are written no faster than the account allows', async () => {
    await using at = await singleFixture();
    await at.singles.makeSafe(await at.singles.look());
    const times = at.proxy.calls
      .filter(({ operation }) => operation === 'PutParameter')
      .map((call) => call.at);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(190);
  });

  it.each([
    ['AWS wants it slower', throttle('PutParameter', 3)],
    ['an answer is lost', dropAfter('PutParameter', 1)],
    ['somebody switches one on in the same moment', undefined],
  ])('are safe although %s', async (_what, trouble) => {
    await using at = await singleFixture();
    const found = await at.singles.look();
    at.proxy.use(trouble ?? before('PutParameter', () => at.put(`${at.prefix}/old/posts`, 'True')));
    await at.singles.makeSafe(found);
    expect(await at.texts()).toEqual(SAFE);
  });

  it('of which one cannot be written are named, and the others are safe', async () => {
    await using at = await singleFixture();
    at.proxy.use((call, next) =>
      call.operation === 'PutParameter' && String(call.input['Name']).endsWith('/posts')
        ? Promise.resolve({ status: 400, error: 'AccessDeniedException', body: 'no' })
        : next(),
    );
    const found = await at.singles.look();
    await expect(at.singles.makeSafe(found)).rejects.toMatchObject({
      code: 'E_FLAGS_PARTLY',
      kind: 'uncertain',
      message: expect.stringMatching(/^1 of 3 .*posts \(AccessDenied/) as unknown,
    });
    expect(await at.texts()).toEqual({ ...SAFE, posts: 'On' });
  });

  it('that are missing or secret do not keep the others from being safe', async () => {
    await using at = await singleFixture();
    const more: SingleFlag[] = ['gone', 'secret'].map((name) => ({
      group: 'old',
      name,
      parameter: `${at.prefix}/old/${name}`,
      type: 'boolean',
      safe: false,
    }));
    const input = { Name: `${at.prefix}/old/secret`, Value: 'true', Type: 'SecureString' } as const;
    await at.client.send(new PutParameterCommand(input));
    const singles = ssmSingleFlags({
      calls: at.calls,
      clock: systemClock,
      flags: [...more, ...at.definitions],
      throughput: 'high',
    });
    const found = await singles.look();
    await expect(singles.makeSafe(found)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^2 of 5 .*gone \(there is no.*secret \(.*SecureString/,
      ) as unknown,
    });
    expect(await at.texts()).toMatchObject(SAFE);
    await singles.restore(found);
    expect(await at.texts()).toMatchObject(STORED);
  });

  it('that somebody changed since are left as they are, and named', async () => {
    await using at = await singleFixture();
    const found = await at.singles.look();
    await at.singles.makeSafe(found);
    await at.put(`${at.prefix}/old/theme`, 'light');
    await expect(at.singles.restore(found)).rejects.toMatchObject({
      code: 'E_FLAGS_CHANGED',
      message: expect.stringMatching(
        /^1 of 3 .*theme \(somebody changed it since: version 3/,
      ) as unknown,
    });
    expect(await at.texts()).toEqual({ ...STORED, theme: 'light' });
  });

  it('that somebody changed and changed back to safe are not ours any more', async () => {
    await using at = await singleFixture();
    const found = await at.singles.look();
    await at.singles.makeSafe(found);
    await at.put(`${at.prefix}/old/theme`, 'light');
    await at.put(`${at.prefix}/old/theme`, 'plain');
    await expect(at.singles.restore(found)).rejects.toMatchObject({ code: 'E_FLAGS_CHANGED' });
    expect((await at.texts())['theme']).toBe('plain');
  });

  it('that somebody changes while they are put back keep what he set, which is told', async () => {
    await using at = await singleFixture();
    const found = await at.singles.look();
    await at.singles.makeSafe(found);
    at.proxy.use(before('PutParameter', () => at.put(`${at.prefix}/old/posts`, 'True')));
    await expect(at.singles.restore(found)).rejects.toMatchObject({
      code: 'E_FLAGS_CHANGED',
      message: expect.stringContaining('posts (somebody changed it in the same moment') as unknown,
    });
    expect(await at.texts()).toEqual({ ...STORED, posts: 'True' });
  });

  it('are put back also when an answer is lost', async () => {
    await using at = await singleFixture();
    const found = await at.singles.look();
    await at.singles.makeSafe(found);
    at.proxy.use(dropAfter('PutParameter', 1));
    await at.singles.restore(found);
    expect(await at.texts()).toEqual(STORED);
  });

  it('cannot be looked at when AWS does not allow it', async () => {
    await using at = await singleFixture();
    at.proxy.use(refuse('GetParameters', 400, 'AccessDeniedException'));
    await expect(at.singles.look()).rejects.toMatchObject({ code: 'E_FLAGS_UNREACHABLE' });
  });
});

describe('The flag store', () => {
  it('reads and changes base values where they are, and publishes nothing over them', async () => {
    await using at = await singleFixture();
    const flags = ssmFlags({ calls: at.calls, paths: at.paths, singles: at.definitions });
    await flags.publish('old', { posts: false, perDay: 1, theme: 'x' }, { posts: false });
    expect(await valuesOf(flags)).toEqual({
      posts: true,
      perDay: 50,
      theme: 'dark',
      untouched: true,
    });
    expect(await flags.setBase('old', 'posts', false)).toEqual({ previous: true });
    expect(await at.texts()).toEqual({ ...STORED, posts: 'Off' });
    await expect(flags.setBase('old', 'nothing', false)).rejects.toMatchObject({ code: 'E_FLAG' });
    await at.put(`${at.prefix}/old/posts`, 'perhaps');
    await expect(flags.read()).rejects.toMatchObject({ code: 'E_FLAGS_CORRUPT' });
  });
});
