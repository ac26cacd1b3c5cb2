/** An application whose flags are in the parameter store, over the wire. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BackoutClient, type CommonOptions, connectBackout } from '../../client/index.ts';
import type { ParameterStoreOptions } from '../../client/ssm-source.ts';
import type { BackoutError } from '../../src/model/error.ts';
import type { FlagValues } from '../../src/model/flags.ts';
import { callsToRead, lookEverySeconds } from '../../src/model/parameter-rates.ts';
import { liftedOverride, publishSample, safeOverride } from '../contracts/flags.contract.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '../support/aws-lambda.ts';
import { parameterFixture, type ParameterFixture } from '../support/aws-parameters.ts';
import { hold, refuse, throttle } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../support/aws-server.ts';
import { limitCalls } from '../support/token-bucket.ts';
import { until } from '../support/until.ts';

const program = fileURLToPath(new URL('programs/read-parameters.ts', import.meta.url));
let folder: string;
let problems: BackoutError[];

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(() => loadServices('ssm'), AWS_SETUP_MS);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backout-parameters-'));
  problems = [];
});
afterEach(() => rm(folder, { recursive: true }));

const placeOf = (endpoint: string) => ({
  region: TEST_REGION,
  endpoint,
  credentials: TEST_CREDENTIALS,
});

function connect(
  { proxy, prefix }: ParameterFixture,
  more: ParameterStoreOptions = {},
  common: Partial<CommonOptions> = {},
): Promise<BackoutClient> {
  return connectBackout({
    service: 'shop',
    environment: 'test',
    instance: 'api-1',
    pollMs: 60_000,
    onProblem: (problem) => problems.push(problem),
    parameterStore: { ...placeOf(proxy.url), prefix, ...more },
    ...common,
  });
}

const FAST = { pollMs: 50 };

/** Process that took the last shared look. */
async function readerIn(shared: string): Promise<unknown> {
  const text = await readFile(join(shared, 'shop', 'test', 'look.json'), 'utf8');
  return (JSON.parse(text) as { pid: number }).pid;
}

/** Pages read, by the last part of their path. */
function pages({ proxy }: ParameterFixture): Record<string, number> {
  const paths = proxy
    .inputs('GetParametersByPath')
    .map(({ Path }) => String(Path).split('/').at(-1));
  return Object.fromEntries(
    ['flags', 'safe', 'overrides'].map((kind) => [
      kind,
      paths.filter((path) => path === kind).length,
    ]),
  );
}

function manyFlags(value: boolean): FlagValues {
  const names = Array.from(
    { length: 10_000 },
    (_, at) => `checkout_features_${String(at).padStart(5, '0')}_enabled`,
  );
  return Object.fromEntries(names.map((name) => [name, value]));
}

describe('10,000 flags', () => {
  it('in more than 100 parameters are there at the start, in as many calls as there are pages', async () => {
    await using at = await parameterFixture();
    await at.others.publish('features', manyFlags(true), manyFlags(false));
    const names = Object.keys(await at.stored());
    const count = (kind: string): number =>
      names.filter((name) => name.includes(`/${kind}/`)).length;
    expect(count('flags')).toBeGreaterThan(100);
    await using client = await connect(at);
    await until('the client has the values', () =>
      client.snapshot().flag('checkout_features_09999_enabled', false),
    );
    expect(client.snapshot().flag('checkout_features_00000_enabled', false)).toBe(true);
    const { flags, safe, overrides } = pages(at);
    expect({ flags, safe }).toEqual({
      flags: callsToRead(count('flags')),
      safe: callsToRead(count('safe')),
    });
    expect(overrides).toBeLessThanOrEqual(2);
    expect(problems).toEqual([]);
  }, 60_000);

  it('cost one call per look after that, and are all safe at the next look', async () => {
    await using at = await parameterFixture();
    await at.others.publish('features', manyFlags(true), manyFlags(false));
    await using client = await connect(at, {}, FAST);
    await until('the client has the values', () =>
      client.snapshot().flag('checkout_features_09999_enabled', false),
    );
    at.proxy.calls.length = 0;
    await until('the store was asked', () => at.proxy.calls.length >= 5);
    expect(pages(at)).toMatchObject({ flags: 0, safe: 0 });
    await at.others.engage(safeOverride(1));
    await until('the client is safe', () => client.snapshot().safeState);
    const safe = client.snapshot();
    expect(Object.keys(manyFlags(true)).filter((name) => safe.flag(name, true))).toEqual([]);
    await at.others.lift(liftedOverride(2));
    await until('the client has the values', () =>
      client.snapshot().flag('checkout_features_00000_enabled', false),
    );
    expect(pages(at)).toMatchObject({ flags: 0, safe: 0 });
  }, 60_000);
});

describe('A reader', () => {
  it('sees a base value that was changed when the values are due', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await using client = await connect(at, { valuesEveryMs: 100 }, FAST);
    expect(client.snapshot().flag('posts', false)).toBe(true);
    await at.others.setBase('community', 'posts', false);
    await until('the client has the values', () => !client.snapshot().flag('posts', true));
  });

  it('gets all pages although AWS says again and again that it asks too fast', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    at.proxy.use(throttle('GetParametersByPath', 4));
    await using client = await connect(at, {}, FAST);
    await until('the client has the values', () => client.snapshot().flag('perDay', 0) === 50);
    expect(at.proxy.inputs('GetParametersByPath').length).toBeGreaterThan(4);
  });

  it('that cannot read holds what it knew, and says so', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await at.others.engage(safeOverride(1));
    await using client = await connect(at, { valuesEveryMs: 50 }, FAST);
    await until('the client is safe', () => client.snapshot().safeState);
    at.proxy.use(refuse('GetParametersByPath', 400, 'AccessDeniedException'));
    await until('the client says what is wrong', () =>
      problems.some(({ message }) => message.includes('AccessDenied')),
    );
    expect(client.snapshot()).toMatchObject({ safeState: true });
    expect(client.snapshot().flag('posts', true)).toBe(false);
  });

  it('starts in time when AWS does not answer, and with the fallbacks of the program', async () => {
    await using at = await parameterFixture();
    at.proxy.use(hold('GetParametersByPath'));
    const from = performance.now();
    await using client = await connect(at, {}, FAST);
    expect(performance.now() - from).toBeLessThan(2_500);
    expect(client.snapshot().flag('posts', false)).toBe(false);
    at.proxy.calm();
    await publishSample(at.others);
    await until('the client has the values', () => client.snapshot().flag('posts', false));
  });

  it.each([
    ['inc1', 'nonsense'],
    ['inc1/inside', '{}'],
  ])('takes an override %s that says %j for everything safe', async (name, text) => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await at.put(`${at.paths.overrides}/${name}`, text);
    await using client = await connect(at, {}, FAST);
    await until('the client is safe', () => client.snapshot().safeState);
    expect(client.snapshot().flag('posts', true)).toBe(false);
  });

  it('keeps what it knew of a group when a part cannot be understood', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await using client = await connect(at, { valuesEveryMs: 50 }, FAST);
    expect(client.snapshot().flag('posts', false)).toBe(true);
    await at.put(`${at.paths.flags}/community/2`, '{"posts":');
    await until('the client says what is wrong', () =>
      problems.some(({ message }) => message.includes('community')),
    );
    expect(client.snapshot().flag('posts', false)).toBe(true);
  });
});

describe('Too many hosts', () => {
  it('look as often as is left for each, and all of them', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await using resources = new AsyncDisposableStack();
    const hosts = 30;
    const clients: BackoutClient[] = [];
    for (let number = 0; number < hosts; number += 1) {
      clients.push(resources.use(await connect(at, {}, { pollMs: 200 })));
    }
    at.proxy.use(limitCalls({ GetParametersByPath: 40 }, () => performance.now()));
    const load = { readers: hosts, overrides: 1, values: 0, lookEvery: 0.2, valuesEvery: 60 };
    const every = lookEverySeconds(load, 40);
    expect(every).toBeGreaterThan(0.7);
    // So that what was saved up is used up.
    const start = performance.now();
    await until('two seconds have passed', () => performance.now() - start > 2_000);
    const from = performance.now();
    await at.others.engage(safeOverride(1));
    const seen = clients.map(async (client) => {
      await until('the client is safe', () => client.snapshot().safeState);
      return (performance.now() - from) / 1_000;
    });
    // The slowest of 30 waits a few times as long as all do on average; a busy machine adds to it.
    expect(Math.max(...(await Promise.all(seen)))).toBeLessThan(8 * every);
  });
});

describe('Processes of one host', () => {
  it('share one reader: five cost as much as one', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await using resources = new AsyncDisposableStack();
    const clients: BackoutClient[] = [];
    for (let number = 0; number < 5; number += 1) {
      clients.push(resources.use(await connect(at, { shareDirectory: folder }, { pollMs: 200 })));
    }
    await until('the client has the values', () =>
      clients.every((client) => client.snapshot().flag('posts', false)),
    );
    expect(pages(at)).toMatchObject({ flags: 1, safe: 1 });
    const from = performance.now();
    const before = pages(at)['overrides'] ?? 0;
    await at.others.engage(safeOverride(1));
    await until('the client is safe', () => clients.every((client) => client.snapshot().safeState));
    await until('a second has passed', () => performance.now() - from > 1_000);
    // At most one look per 160 ms, for all five.
    const looks = (pages(at)['overrides'] ?? 0) - before;
    expect(looks).toBeLessThanOrEqual(Math.ceil((performance.now() - from) / 160) + 1);
  });

  it('go on when the one that reads is closed, and when it is killed', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    const first = await connect(at, { shareDirectory: folder }, FAST);
    const child = spawn(process.execPath, [program, at.proxy.url, TEST_REGION, at.prefix, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await first.close();
    // The child reads now.
    at.proxy.calls.length = 0;
    await until('the store was asked', () => at.proxy.calls.length > 0);
    await using last = await connect(at, { shareDirectory: folder }, FAST);
    await until('the client has the values', () => last.snapshot().flag('posts', false));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await at.others.engage(safeOverride(1));
    const from = performance.now();
    await until('the client is safe', () => last.snapshot().safeState);
    expect(performance.now() - from).toBeLessThan(2_000);
  });

  it('are read for by another one while their reader is stopped, and by one alone when it goes on', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    const child = spawn(process.execPath, [program, at.proxy.url, TEST_REGION, at.prefix, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await using client = await connect(at, { shareDirectory: folder }, FAST);
    expect(await readerIn(folder)).toBe(child.pid);
    child.kill('SIGSTOP');
    await at.others.engage(safeOverride(1));
    await until('the client is safe', () => client.snapshot().safeState);
    expect(await readerIn(folder)).toBe(process.pid);
    child.kill('SIGCONT');
    at.proxy.calls.length = 0;
    await until('many looks were taken', () => at.proxy.calls.length > 20);
    expect(await readerIn(folder)).toBe(process.pid);
    child.stdin.end();
    await once(child, 'exit');
    expect(await readerIn(folder)).toBe(process.pid);
  });

  it('all hear what their reader meets, and hold what they knew', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    await at.others.engage(safeOverride(1));
    const told: string[] = [];
    const listening = { ...FAST, onProblem: ({ message }: BackoutError) => told.push(message) };
    await using reader = await connect(at, { shareDirectory: folder }, FAST);
    await using follower = await connect(at, { shareDirectory: folder }, listening);
    await until('both are safe', () => [reader, follower].every((one) => one.snapshot().safeState));
    at.proxy.use(refuse('GetParametersByPath', 400, 'AccessDeniedException'));
    await until('the follower hears of it', () => told.join().includes('AccessDenied'));
    expect(follower.snapshot().safeState).toBe(true);
    await at.others.lift(liftedOverride(2));
    at.proxy.calm();
    await until('both follow again', () =>
      [reader, follower].every((one) => !one.snapshot().safeState),
    );
  });

  it.each([
    '',
    '{"reader":',
    '{"reader":1,"host":"h","pid":1,"at":1,"overrides":{"inc1.json":{}}}',
  ])('are not misled by a shared look that says %j', async (text) => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    const own = join(folder, 'shop', 'test');
    await mkdir(own, { recursive: true, mode: 0o700 });
    await writeFile(join(own, 'look.json'), text);
    await using client = await connect(at, { shareDirectory: folder }, FAST);
    await until('the client has the values', () => client.snapshot().flag('posts', false));
    expect(await readerIn(folder)).toBe(process.pid);
  });

  it('read for themselves nothing that others than their user could have written', async () => {
    await using at = await parameterFixture();
    await publishSample(at.others);
    const [first] = [await connect(at, { shareDirectory: folder }, FAST)];
    await first.close();
    await chmod(join(folder, 'shop', 'test'), 0o777);
    await using client = await connect(at, { shareDirectory: folder }, FAST);
    expect(client.snapshot().flag('posts', false)).toBe(false);
    expect(problems.map(({ message }) => message).join()).toContain('can be written by others');
  });
});
