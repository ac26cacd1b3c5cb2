import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyChain } from '../../../src/model/journal.ts';
import { scope, someEntry } from '../../contracts/journal.contract.ts';
import { type SpoolFolder, shakyJournal, spoolFolder } from './spool-support.ts';

let folder: SpoolFolder;
beforeEach(async () => {
  folder = await spoolFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe('reading journal and spool', () => {
  const opening = someEntry({ key: 'opened', kind: 'incident-opened', data: { rule: 'slow' } });

  test('shows journal and spool as one chained list, each entry once', async () => {
    const primary = shakyJournal();
    const journal = folder.spooling(primary);
    await journal.append(opening);
    primary.state = 'down';
    await journal.append(someEntry({ key: 'b' }));
    await journal.append(someEntry({ key: 'elsewhere', incident: 'inc00002' }));
    primary.state = 'up';
    await primary.append(someEntry({ key: 'c' }));

    const entries = await journal.read(scope, 'inc00001');
    const history = await journal.history(scope, 'inc00001');

    expect(entries.map((entry) => [entry.seq, entry.key])).toEqual([
      [1, 'opened'],
      [2, 'c'],
      [3, 'b'],
    ]);
    expect(verifyChain(entries)).toMatchObject({ intact: true, entries: 3 });
    expect(history).toEqual({ entries, waiting: 1 });
  });

  test('shows an entry once that is in both places', async () => {
    const { primary, journal } = await folder.spoolWhileDown(['a', 'b']);
    await primary.append(someEntry({ key: 'a' }));

    const history = await journal.history(scope, 'inc00001');

    expect(history.entries.map((entry) => entry.key)).toEqual(['a', 'b']);
    expect(history.waiting).toBe(1);
  });

  test('of an incident that began in the outage goes on without the journal', async () => {
    const primary = shakyJournal();
    primary.state = 'down';
    const journal = folder.spooling(primary);
    await journal.append(opening);
    await journal.append(someEntry({ key: 'b' }));

    expect((await journal.read(scope, 'inc00001')).map((entry) => entry.key)).toEqual([
      'opened',
      'b',
    ]);
    expect(await journal.incidents(scope)).toMatchObject([{ id: 'inc00001', rule: 'slow' }]);
    expect(await journal.history(scope, 'inc00001')).toMatchObject({
      waiting: 2,
      degraded: expect.stringContaining('The journal is down') as unknown,
    });
  });

  test('refuses to show an incident without its beginning as if it were all of it', async () => {
    const primary = shakyJournal();
    const journal = folder.spooling(primary);
    await journal.append(opening);
    primary.state = 'down';
    await journal.append(someEntry({ key: 'b' }));

    await expect(journal.read(scope, 'inc00001')).rejects.toMatchObject({
      code: 'E_JOURNAL_UNREACHABLE',
    });
    await expect(journal.incidents(scope)).rejects.toMatchObject({
      code: 'E_JOURNAL_UNREACHABLE',
    });
    const history = await journal.history(scope, 'inc00001');
    expect(history.entries.map((entry) => entry.key)).toEqual(['b']);
    expect(history.degraded).toBeDefined();
  });

  test('sees that an incident was closed although the closing still waits', async () => {
    const primary = shakyJournal();
    const journal = folder.spooling(primary);
    await journal.append(opening);
    primary.state = 'down';
    const closedAt = '2026-11-23T07:00:00.000Z';
    await journal.append(someEntry({ key: 'closed', kind: 'incident-closed', at: closedAt }));
    primary.state = 'up';

    expect(await journal.incidents(scope)).toMatchObject([{ status: 'closed', closedAt }]);
  });

  test('leaves closed what was closed after an opening that still waits', async () => {
    const closedAt = '2026-11-23T07:00:00.000Z';
    const { primary, journal } = await waitingOpening();
    await primary.append(someEntry({ key: 'closed', kind: 'incident-closed', at: closedAt }));

    expect(await journal.incidents(scope)).toMatchObject([{ status: 'closed', closedAt }]);
    await journal.drain();
    expect(await journal.incidents(scope)).toMatchObject([{ status: 'closed', closedAt }]);
    expect(await folder.waiting()).toEqual([]);
  });

  test('opens again what was opened after it was closed', async () => {
    const { primary, journal } = await waitingOpening();
    await primary.append(
      someEntry({ key: 'closed', kind: 'incident-closed', at: '2026-11-23T05:00:00.000Z' }),
    );

    const [incident] = await journal.incidents(scope);

    expect(incident).toMatchObject({ status: 'open' });
    expect(incident).not.toHaveProperty('closedAt');
  });

  test('takes reason and rule from the opening that still waits, and a late closing for late', async () => {
    const { primary, journal } = await waitingOpening();
    await primary.append(someEntry({ key: 'step', kind: 'outcome' }));
    expect(await primary.incidents(scope)).toMatchObject([{ rule: 'unknown' }]);
    expect(await journal.incidents(scope)).toMatchObject([{ rule: 'slow' }]);

    const later = { kind: 'incident-opened', at: '2026-11-23T09:00:00.000Z' } as const;
    await primary.append(someEntry({ key: 'again', ...later }));
    primary.state = 'down';
    const before = { kind: 'incident-closed', at: '2026-11-23T08:00:00.000Z' } as const;
    await journal.append(someEntry({ key: 'closed', ...before }));
    primary.state = 'up';
    expect(await journal.incidents(scope)).toMatchObject([{ status: 'open' }]);
  });

  /** Opened at 06:00 while the journal was down; it is up again, and does not know of it yet. */
  async function waitingOpening() {
    const primary = shakyJournal();
    primary.state = 'down';
    const journal = folder.spooling(primary);
    await journal.append(opening);
    primary.state = 'up';
    return { primary, journal };
  }

  test('says when a file of the spool cannot be read', async () => {
    const journal = folder.spooling(shakyJournal());
    await mkdir(folder.path);
    await writeFile(join(folder.path, '000-000-abc.json'), 'torn');

    expect((await journal.history(scope, 'inc00001')).degraded).toContain('000-000-abc.json');
  });
});
