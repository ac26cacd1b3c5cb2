import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryJournal } from '../../../src/adapters/memory/journal.ts';
import { connectPostgres } from '../../../src/adapters/postgres/connection.ts';
import { postgresJournal } from '../../../src/adapters/postgres/journal.ts';
import { verifyChain } from '../../../src/model/journal.ts';
import { scope, someEntry } from '../../contracts/journal.contract.ts';
import { until } from '../../support/until.ts';
import { faultyProxy, migratedDatabase } from '../postgres/support.ts';
import { type SpoolFolder, shakyJournal, spoolFolder } from './spool-support.ts';

let folder: SpoolFolder;
beforeEach(async () => {
  folder = await spoolFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe('journal-first', () => {
  test('stores in the journal as long as it answers, and makes no folder', async () => {
    const journal = folder.spooling(shakyJournal());

    expect(await journal.append(someEntry())).toMatchObject({ stored: 'journal' });
    await expect(readdir(folder.path)).rejects.toThrow(/ENOENT/);
  });

  test('spools what a journal that is down or hangs does not take, within the cap', async () => {
    const primary = shakyJournal();
    const journal = folder.spooling(primary, { restMs: 0 });
    for (const state of ['down', 'hangs'] as const) {
      primary.state = state;
      const start = performance.now();
      expect(await journal.append(someEntry({ key: state }))).toEqual({
        stored: 'spool',
        key: state,
      });
      expect(performance.now() - start).toBeLessThan(1500);
    }
    expect(await folder.waiting()).toHaveLength(2);
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
  });

  test('pays the cap once, then leaves the journal alone for a while', async () => {
    const primary = shakyJournal();
    primary.state = 'hangs';
    const journal = folder.spooling(primary, { capMs: 100 });
    for (let index = 0; index < 10; index += 1) {
      await journal.append(someEntry({ key: `step-${index}` }));
    }

    expect(primary.asked).toBe(1);
  });

  test('puts a new entry behind those that wait', async () => {
    const primary = shakyJournal();
    const journal = folder.spooling(primary, { restMs: 0 });
    primary.state = 'down';
    await journal.append(someEntry({ key: 'intent', kind: 'intent' }));
    primary.state = 'up';

    expect(await journal.append(someEntry({ key: 'outcome', kind: 'outcome' }))).toMatchObject({
      stored: 'journal',
      entry: { seq: 2 },
    });
    expect((await primary.read(scope, 'inc00001')).map((entry) => entry.key)).toEqual([
      'intent',
      'outcome',
    ]);
    expect(await folder.waiting()).toEqual([]);
  });

  test('lets the refusals of the journal through', async () => {
    const primary = shakyJournal();
    const journal = folder.spooling(primary);
    await journal.append(someEntry());

    await expect(journal.append(someEntry({ text: 'other' }))).rejects.toMatchObject({
      code: 'E_JOURNAL_CONFLICT',
    });
    await expect(journal.append(someEntry({ at: 'never' }))).rejects.toMatchObject({
      code: 'E_JOURNAL_ENTRY',
    });
  });

  test('uses the journal although the folder cannot be used', async () => {
    await writeFile(folder.path, 'a file where the folder should be');
    expect(await folder.spooling(shakyJournal()).append(someEntry())).toMatchObject({
      stored: 'journal',
    });
  });
});

describe('spool-first', () => {
  test('answers at once, whatever the journal does, and carries over behind', async () => {
    const primary = shakyJournal();
    const journal = folder.spooling(primary, { mode: 'spool-first' });

    expect(await journal.append(someEntry())).toEqual({ stored: 'spool', key: 'opened' });

    await until('it is carried over', async () => (await folder.waiting()).length === 0);
    expect(await primary.read(scope, 'inc00001')).toHaveLength(1);
  });

  test('is not slowed down by a journal that hangs', async () => {
    const primary = shakyJournal();
    primary.state = 'hangs';
    const journal = folder.spooling(primary, { mode: 'spool-first', capMs: 1500 });
    const start = performance.now();
    for (let index = 0; index < 5; index += 1) {
      await journal.append(someEntry({ key: `step-${index}` }));
    }
    expect(performance.now() - start).toBeLessThan(1400);
    expect(await folder.waiting()).toHaveLength(5);
  });

  test('goes to the journal when the folder cannot be used', async () => {
    await writeFile(folder.path, 'a file where the folder should be');
    const journal = folder.spooling(shakyJournal(), { mode: 'spool-first' });
    expect(await journal.append(someEntry())).toMatchObject({ stored: 'journal' });
  });
});

test.each<['journal-first' | 'spool-first']>([['journal-first'], ['spool-first']])(
  '%s: when neither journal nor folder works, the error names both and what to do',
  async (mode) => {
    await writeFile(folder.path, 'a file where the folder should be');
    const primary = shakyJournal();
    primary.state = 'down';

    await expect(folder.spooling(primary, { mode }).append(someEntry())).rejects.toMatchObject({
      code: 'E_JOURNAL_UNREACHABLE',
      retryable: true,
      message: expect.stringMatching(/The journal is down.*(ENOTDIR|EEXIST)/s) as unknown,
      remedy: expect.stringContaining(folder.path) as unknown,
    });
  },
);

test.each<['journal-first' | 'spool-first']>([['journal-first'], ['spool-first']])(
  '%s: with the folder full and the journal down, ten entries pay the cap once',
  async (mode) => {
    await writeFile(folder.path, 'a file where the folder should be');
    const primary = shakyJournal();
    primary.state = 'hangs';
    const journal = folder.spooling(primary, { mode });

    for (let index = 0; index < 10; index += 1) {
      await expect(journal.append(someEntry({ key: `step-${index}` }))).rejects.toMatchObject({
        code: 'E_JOURNAL_UNREACHABLE',
        retryable: true,
      });
    }

    expect(primary.asked).toBe(1);
  },
);

test('a journal that refuses an entry is asked again at once, also without a folder', async () => {
  await writeFile(folder.path, 'a file where the folder should be');
  const journal = folder.spooling(shakyJournal(), { mode: 'spool-first' });
  await journal.append(someEntry());
  await expect(journal.append(someEntry({ text: 'other' }))).rejects.toMatchObject({
    code: 'E_JOURNAL_CONFLICT',
  });

  expect(await journal.append(someEntry({ key: 'next' }))).toMatchObject({ stored: 'journal' });
});

test('a key that waits is not spooled twice, and not for another statement', async () => {
  const primary = shakyJournal();
  primary.state = 'down';
  const journal = folder.spooling(primary);
  await journal.append(someEntry());

  expect(await journal.append(someEntry())).toEqual({ stored: 'spool', key: 'opened' });
  await expect(journal.append(someEntry({ text: 'other' }))).rejects.toMatchObject({
    code: 'E_JOURNAL_CONFLICT',
  });
  expect(await folder.waiting()).toHaveLength(1);
});

test('closing carries over what waits, and is bounded when the journal hangs', async () => {
  const primary = shakyJournal();
  primary.state = 'down';
  const journal = folder.spooling(primary, { restMs: 0, mode: 'spool-first' });
  await journal.append(someEntry());
  primary.state = 'hangs';
  const start = performance.now();
  await journal.close();
  expect(performance.now() - start).toBeLessThan(2000);
  primary.state = 'up';
  await folder.spooling(primary).close();

  expect(await primary.read(scope, 'inc00001')).toHaveLength(1);
  expect(await folder.waiting()).toEqual([]);
});

test('kill -9 of spooling processes loses no entry that was said to be safe', async () => {
  const script = fileURLToPath(new URL('./spooling-process.ts', import.meta.url));
  const promised = new Set<string>();
  for (let round = 0; round < 6; round += 1) {
    const child = spawn(process.execPath, [script, folder.path, `round${round}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let count = 0;
    createInterface(child.stdout).on('line', (key) => {
      promised.add(key);
      count += 1;
      // Killed while it writes one of the next entries.
      if (count === 3 + 5 * round) child.kill('SIGKILL');
    });
    await once(child, 'close');
  }
  const primary = memoryJournal();

  const report = await folder.spooling(primary, { capMs: 5000 }).drain();

  expect(report.waiting).toBe(0);
  const stored = (await primary.read(scope, 'inc00001')).map((entry) => entry.key);
  expect(new Set(stored).size).toBe(stored.length);
  expect([...promised].filter((key) => !stored.includes(key))).toEqual([]);
  // Nothing was silently dropped: what is no entry is a half-written file, by name.
  const left = await readdir(folder.path);
  expect(left.filter((name) => name !== 'corrupt')).toEqual([]);
  for (const aside of report.setAside) expect(aside.path).toContain(join(folder.path, 'corrupt'));
});

test('a database that goes away and comes back gets every entry exactly once, in order', async () => {
  await using database = await migratedDatabase();
  await using proxy = await faultyProxy(database.url);
  await using postgres = connectPostgres(proxy.url, { applicationName: 'backout test' });
  await using journal = folder.spooling(postgresJournal(postgres), { capMs: 1500, restMs: 0 });
  await journal.append(someEntry({ key: 'step-0' }));

  proxy.cutNextCommit('after', 'and refuse');
  for (let index = 1; index <= 5; index += 1) {
    expect(await journal.append(someEntry({ key: `step-${index}` }))).toMatchObject({
      stored: 'spool',
    });
  }
  // step-1 was committed, and only its answer got lost.
  await using back = connectPostgres(database.url, { applicationName: 'backout test' });
  const drainers = [folder.spooling(postgresJournal(back)), folder.spooling(database.journal)];
  const reports = await Promise.all(drainers.map((drainer) => drainer.drain()));

  const entries = await database.journal.read(scope, 'inc00001');
  expect(entries.map((entry) => entry.key)).toEqual(
    Array.from({ length: 6 }, (_, index) => `step-${index}`),
  );
  expect(verifyChain(entries)).toMatchObject({ intact: true, entries: 6 });
  expect(reports.reduce((sum, report) => sum + report.stored, 0)).toBe(4);
});
