import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileFlags } from '../../../src/adapters/file/flags.ts';
import { covers } from '../../../src/model/flags.ts';
import {
  liftedOverride,
  publishSample,
  safeOverride,
  SAFE,
  seededRandom,
  valuesOf,
} from '../../contracts/flags.contract.ts';
import { until } from '../../support/until.ts';

const program = fileURLToPath(new URL('./programs/write-flags.ts', import.meta.url));
const scope = { service: 'shop', environment: 'test' };
let directory: string;
const open = () => openFileFlags({ directory, scope });
const place = (...names: string[]): string => join(directory, 'shop', 'test', ...names);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'backout-flags-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** A writer in a process of its own; `lines` grows as it acknowledges. */
function startWriter(name: string, mode: 'engage' | 'churn', count: number) {
  const child = spawn(process.execPath, [program, directory, name, mode, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const { promise: started, resolve } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'started') resolve();
    else lines.push(line);
  });
  const ended = once(child, 'close').then(([code]: unknown[]) => code);
  return { child, lines, started, ended };
}

async function writtenGroups(): Promise<string[]> {
  const [override] = (await open().read()).overrides;
  return override?.mode === 'safe' ? (override.groups ?? []) : [];
}

describe('several processes', () => {
  test('that ask for safe state at once lose nothing', async () => {
    const writers = ['a', 'b', 'c', 'd'].map((name) => startWriter(name, 'engage', 15));
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    const acknowledged = writers.flatMap(({ lines }) => lines);
    expect(acknowledged).toHaveLength(60);
    expect((await writtenGroups()).toSorted()).toEqual(acknowledged.toSorted());
  });

  test('that are killed while they write leave no torn file and lose nothing acknowledged', async () => {
    await open().publish('counters', { writes: 0 }, {});
    const random = seededRandom(7);
    const acknowledged: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      const writers = [`x${round}`, `y${round}`].map((name) => startWriter(name, 'churn', 10_000));
      await Promise.all(writers.map(({ started }) => started));
      // Killed in the middle of writing, on a busy machine too.
      await until('both have written', () => writers.every(({ lines }) => lines.length > 0));
      for (const { child } of writers) setTimeout(() => child.kill('SIGKILL'), random() * 60);
      await Promise.all(writers.map(({ ended }) => ended));
      acknowledged.push(...writers.flatMap(({ lines }) => lines));
    }
    expect(acknowledged.length).toBeGreaterThan(12);
    const files = await readdir(place('overrides'));
    for (const file of files.filter((name) => name.endsWith('.json'))) {
      const text = await readFile(place('overrides', file), 'utf8');
      expect(JSON.parse(text)).toMatchObject({
        mode: 'safe',
        since: expect.any(String) as unknown,
      });
    }
    const { overrides, base } = await open().read();
    expect(overrides.map(({ mode }) => mode)).toEqual(['safe']);
    for (const group of acknowledged) {
      expect(overrides.some((override) => covers(override, group))).toBe(true);
    }
    expect(base['counters']).toEqual({ writes: expect.any(Number) as unknown });
    // The killed ones left their lock behind at least once in so many rounds; it does not block.
    expect(await open().setBase('counters', 'writes', 1)).toBeDefined();
  });

  test('one that asks for safe state while another lifts wins when it is later', async () => {
    const flags = open();
    await publishSample(flags);
    for (let round = 0; round < 20; round += 1) {
      const incident = `inc${round}`;
      await flags.engage(safeOverride(1, { incident }));
      const [engaged, lifted] = await Promise.allSettled([
        open().engage(safeOverride(3, { incident, groups: ['community', 'limits'] })),
        open().lift(liftedOverride(2, { incident })),
      ]);
      const stored = (await flags.read()).overrides.find((one) => one.incident === incident);
      expect(engaged).toMatchObject({ status: 'fulfilled', value: { changed: true } });
      expect(stored).toMatchObject({ mode: 'safe', since: safeOverride(3).since });
      // It came first, or it is told that something newer is there.
      const answer: unknown = lifted.status === 'rejected' ? lifted.reason : { code: 'lifted' };
      expect(answer).toMatchObject({
        code: expect.stringMatching(/^(lifted|E_STALE)$/) as unknown,
      });
    }
  });

  test('that edit values at once lose nothing', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `flag${index}`);
    const zeros = Object.fromEntries(names.map((name) => [name, 0]));
    await open().publish('counters', zeros, {});
    await Promise.all(names.map((name, index) => open().setBase('counters', name, index + 1)));
    const { base } = await open().read();
    expect(base['counters']).toEqual(
      Object.fromEntries(names.map((name, index) => [name, index + 1])),
    );
  });
});

describe('what is on the disk', () => {
  test('is a log: each change of an override is a new document, none is overwritten', async () => {
    const flags = open();
    await flags.engage(safeOverride(1));
    await flags.lift(liftedOverride(2));
    await flags.engage(safeOverride(3));
    const names = ['inc1.json', 'inc1.2.json', 'inc1.3.json'];
    expect((await readdir(place('overrides'))).toSorted()).toEqual(names.toSorted());
    const modes = await Promise.all(
      names.map(async (name): Promise<unknown> =>
        JSON.parse(await readFile(place('overrides', name), 'utf8')),
      ),
    );
    expect(modes).toMatchObject([{ mode: 'safe' }, { mode: 'lifted' }, { mode: 'safe' }]);
    expect(modes[0]).not.toHaveProperty('incident');
  });

  test('when an override is corrupt, everything is safe until a person lifts it', async () => {
    const flags = open();
    await publishSample(flags);
    await mkdir(place('overrides'));
    await writeFile(place('overrides', 'inc1.json'), '{"mode":"lif');
    expect((await flags.read()).overrides).toMatchObject([
      { mode: 'unreadable', incident: 'inc1', problem: expect.any(String) as unknown },
    ]);
    expect(await valuesOf(flags)).toEqual(SAFE);
    // Safe state on top of it covers everything: nobody knows what the corrupt one covered.
    await flags.engage(safeOverride(1, { groups: ['limits'] }));
    expect(await valuesOf(flags)).toEqual(SAFE);
    await flags.lift(liftedOverride(2));
    expect(await valuesOf(flags)).not.toEqual(SAFE);
  });

  test('when values are corrupt, reading says which file, and safe state works all the same', async () => {
    const flags = open();
    await publishSample(flags);
    await writeFile(place('base', 'community.json'), '{"posts":');
    await expect(flags.read()).rejects.toMatchObject({
      code: 'E_FLAGS_CORRUPT',
      message: expect.stringContaining(place('base', 'community.json')) as unknown,
      retryable: false,
    });
    expect(await flags.engage(safeOverride(1))).toEqual({ changed: true });
    expect(await flags.engage(safeOverride(1))).toEqual({ changed: false });
  });

  test('a lock whose owner is gone does not block; one whose owner lives is waited for', async () => {
    const flags = open();
    await publishSample(flags);
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'close');
    await writeFile(place('.edit-lock'), `${hostname()} ${dead.pid} left-behind`);
    expect(await flags.setBase('community', 'posts', false)).toEqual({ previous: true });
    await writeFile(place('.edit-lock'), `${hostname()} ${process.pid} still-here`);
    const waiting = flags.setBase('community', 'posts', true);
    expect(await flags.engage(safeOverride(1))).toEqual({ changed: true });
    await rm(place('.edit-lock'));
    expect(await waiting).toEqual({ previous: false });
  });

  test('a folder that cannot be used is an error that can be repeated', async () => {
    await writeFile(join(directory, 'shop'), 'a file in the way');
    await expect(open().engage(safeOverride(1))).rejects.toMatchObject({
      code: 'E_FLAGS_UNREACHABLE',
      kind: 'uncertain',
      retryable: true,
      cause: expect.objectContaining({ code: 'ENOTDIR' }) as unknown,
    });
    await expect(open().read()).rejects.toMatchObject({
      code: 'E_FLAGS_UNREACHABLE',
      kind: 'failed',
      retryable: true,
    });
  });

  test('files can be read by other users', async () => {
    await publishSample(open());
    await open().engage(safeOverride(1));
    await chmod(directory, 0o755);
    expect((await stat(place('overrides', 'inc1.json'))).mode & 0o004).toBe(0o004);
  });

  test.each(['..', 'a/b', '', '.x'])('a service cannot be called %j', (service) => {
    expect(() => openFileFlags({ directory, scope: { ...scope, service } })).toThrow(
      expect.objectContaining({ code: 'E_NAME' }),
    );
  });
});
