import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BackoutError } from '../../../src/model/error.ts';
import { verifyChain } from '../../../src/model/journal.ts';
import type { Journal } from '../../../src/ports/journal.ts';
import { scope, someEntry } from '../../contracts/journal.contract.ts';
import { type SpoolFolder, down, spoolFolder } from './spool-support.ts';

let folder: SpoolFolder;
beforeEach(async () => {
  folder = await spoolFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe('draining a spool', () => {
  test('carries everything over once and in order, also when asked twice', async () => {
    const keys = ['e', 'd', 'c', 'b', 'a'];
    const { primary, journal } = await folder.spoolWhileDown(keys);

    const first = await journal.drain();
    const second = await journal.drain();

    expect(first).toEqual({ stored: 5, repeated: 0, waiting: 0, blocked: false, setAside: [] });
    expect(second).toMatchObject({ stored: 0, waiting: 0 });
    const entries = await primary.read(scope, 'inc00001');
    expect(entries.map((entry) => entry.key)).toEqual(keys);
    expect(verifyChain(entries)).toMatchObject({ intact: true });
  });

  test('finds nothing to do where a file is in the place of the folder', async () => {
    const { primary } = await folder.spoolWhileDown([]);
    await rm(folder.path, { recursive: true, force: true });
    await writeFile(folder.path, 'a file where the folder should be');
    const journal = folder.spooling(primary);

    expect(await journal.drain()).toMatchObject({ stored: 0, waiting: 0, setAside: [] });
    expect(await journal.incidents(scope)).toEqual([]);
  });

  test('by many at once stores every entry exactly once', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `step-${index}`);
    const { primary, journal } = await folder.spoolWhileDown(keys);
    const others = Array.from({ length: 4 }, () => folder.spooling(primary));

    await Promise.all([journal, ...others].map((one) => one.drain()));

    const entries = await primary.read(scope, 'inc00001');
    expect(entries.map((entry) => entry.key)).toEqual(keys);
    expect(await folder.waiting()).toEqual([]);
  });

  test('keeps what a journal that is still down does not take, and says why', async () => {
    const { primary, journal } = await folder.spoolWhileDown(['a', 'b']);
    primary.state = 'down';

    expect(await journal.drain()).toMatchObject({
      stored: 0,
      waiting: 2,
      blocked: true,
      problem: expect.stringContaining('The journal is down') as unknown,
    });
    expect(await folder.waiting()).toHaveLength(2);
  });

  test('again after a crash between storing and removing stores nothing twice', async () => {
    const { primary, journal } = await folder.spoolWhileDown(['a']);
    await primary.append(someEntry({ key: 'a' }));

    expect(await journal.drain()).toMatchObject({ stored: 0, repeated: 1, waiting: 0 });
    expect(await primary.read(scope, 'inc00001')).toHaveLength(1);
  });

  test('moves an entry aside that the journal refuses for ever, and goes on', async () => {
    const { primary, journal } = await folder.spoolWhileDown(['a', 'b']);
    await primary.append(someEntry({ key: 'a', text: 'something else' }));

    const report = await journal.drain();

    expect(report).toMatchObject({ stored: 1, waiting: 0 });
    expect(report.setAside).toHaveLength(1);
    const [aside] = report.setAside;
    expect(aside?.why).toContain('E_JOURNAL_CONFLICT');
    expect(await readFile(aside?.path ?? '', 'utf8')).toContain('Error rate 20 %');
    expect(await readFile(`${aside?.path}.why.txt`, 'utf8')).toContain('E_JOURNAL_CONFLICT');
  });

  test('does not let one entry with a lasting problem keep the others out', async () => {
    const { primary, journal } = await folder.spoolWhileDown(['a', 'b', 'c']);
    const { retryable: _retryable, ...lasting } = down;
    const picky: Journal = {
      ...primary,
      append: (entry) =>
        entry.key === 'b'
          ? Promise.reject(new BackoutError({ ...lasting, message: 'not this one' }))
          : primary.append(entry),
    };

    expect(await folder.spooling(picky).drain()).toMatchObject({
      stored: 2,
      waiting: 1,
      blocked: false,
    });
    expect(await folder.waiting()).toHaveLength(1);
    expect(await journal.drain()).toMatchObject({ stored: 1 });
  });

  test.each<[string, (whole: string) => string]>([
    ['torn', (whole) => whole.slice(0, whole.length / 2)],
    ['empty', () => ''],
    ['edited', (whole) => whole.replace('Error rate 20 %', 'Error rate 2 %')],
    ['not an entry at all', () => '{"hello": "world"}'],
  ])('moves a file aside that is %s, names it, and loses nothing else', async (_what, spoil) => {
    const { primary, journal } = await folder.spoolWhileDown(['a', 'b', 'c']);
    const [, second = ''] = await folder.waiting();
    const path = join(folder.path, second);
    await writeFile(path, spoil(await readFile(path, 'utf8')));

    const report = await journal.drain();

    expect(report).toMatchObject({ stored: 2, waiting: 0 });
    expect(report.setAside.map((aside) => aside.path)).toEqual([
      join(folder.path, 'corrupt', second),
    ]);
    expect((await primary.read(scope, 'inc00001')).map((entry) => entry.key)).toEqual(['a', 'c']);
    expect(await readdir(join(folder.path, 'corrupt'))).toHaveLength(2);
  });

  test('takes in a complete file of a killed process, and sets half a one aside', async () => {
    const { primary, journal } = await folder.spoolWhileDown(['a', 'b']);
    const gone = spawn(process.execPath, ['--eval', '']);
    await once(gone, 'exit');
    const [first = ''] = await folder.waiting();
    const whole = await readFile(join(folder.path, first), 'utf8');
    await rm(join(folder.path, first));
    await writeFile(join(folder.path, `.new-${gone.pid}-aaaa`), whole);
    await writeFile(join(folder.path, `.new-${gone.pid}-bbbb`), whole.slice(0, 100));

    const report = await journal.drain();

    expect(report).toMatchObject({ stored: 2, waiting: 0 });
    expect(report.setAside).toHaveLength(1);
    expect((await primary.read(scope, 'inc00001')).map((entry) => entry.key)).toEqual(['a', 'b']);
  });

  test('leaves the unfinished file of a living process alone', async () => {
    const { journal } = await folder.spoolWhileDown(['a']);
    const path = join(folder.path, `.new-${process.ppid}-aaaa`);
    await writeFile(path, 'half');

    expect(await journal.drain()).toMatchObject({ stored: 1, setAside: [] });
    expect(await readFile(path, 'utf8')).toBe('half');
  });
});
