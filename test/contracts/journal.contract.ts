/** What every journal promises. Run on each adapter, so that the memory one cannot drift. */

import { describe, expect, test } from 'vitest';
import {
  CHAIN_START,
  type JournalEntry,
  type NewEntry,
  verifyChain,
} from '../../src/model/journal.ts';
import type { Appended, Journal } from '../../src/ports/journal.ts';

export const scope = { service: 'storefront', environment: 'production' };

/** An entry that is like any other, except for what the test is about. */
export function someEntry(change: Partial<NewEntry> = {}): NewEntry {
  return {
    ...scope,
    incident: 'inc00001',
    key: 'opened',
    kind: 'note',
    at: '2026-11-23T06:00:00.000Z',
    actor: 'ada@laptop',
    text: 'Error rate 20 % for 2 min.',
    data: { rate: 0.2, endpoints: ['/orders', '/readings'] },
    ...change,
  };
}

/** @throws {Error} when the entry went to a spool instead */
export function storedEntry(appended: Appended): JournalEntry {
  if (appended.stored !== 'journal') throw new Error(`${appended.key} was spooled`);
  return appended.entry;
}

function opened(incident: string, change: Partial<NewEntry> = {}): NewEntry {
  return someEntry({
    incident,
    key: `${incident}/opened`,
    kind: 'incident-opened',
    data: { reason: 'errors', rule: 'critical-errors' },
    ...change,
  });
}

function closed(incident: string, change: Partial<NewEntry> = {}): NewEntry {
  return opened(incident, { key: `${incident}/closed`, kind: 'incident-closed', ...change });
}

/** @param makeJournal gives a journal without entries */
export function journalContract(name: string, makeJournal: () => Promise<Journal>): void {
  describe(`a journal (${name})`, () => {
    test('gives back what was appended, in order and chained', async () => {
      const journal = await makeJournal();
      const first = storedEntry(await journal.append(someEntry({ key: 'a' })));
      await journal.append(someEntry({ key: 'b', text: 'Flags are off.' }));

      const entries = await journal.read(scope, 'inc00001');

      expect(entries.map((entry) => [entry.seq, entry.key])).toEqual([
        [1, 'a'],
        [2, 'b'],
      ]);
      expect(entries[0]).toEqual(first);
      expect(first).toMatchObject({ ...someEntry({ key: 'a' }), previous: CHAIN_START });
      expect(verifyChain(entries)).toMatchObject({ intact: true, entries: 2 });
    });

    test('stores a key once and answers with the first entry', async () => {
      const journal = await makeJournal();
      const first = await journal.append(someEntry());
      const again = await journal.append(someEntry());

      expect(first).toMatchObject({ stored: 'journal', repeated: false });
      expect(again).toEqual({ ...first, repeated: true });
      expect(await journal.read(scope, 'inc00001')).toHaveLength(1);
    });

    test('takes the same statement told later and by another person for the same', async () => {
      const journal = await makeJournal();
      await journal.append(someEntry());
      const again = await journal.append(
        someEntry({ at: '2026-11-23T06:05:00.000Z', actor: 'grace@laptop' }),
      );

      expect(again).toMatchObject({ repeated: true, entry: { actor: 'ada@laptop' } });
    });

    test.each<[string, Partial<NewEntry>]>([
      ['text', { text: 'All is well.' }],
      ['data', { data: { rate: 0 } }],
      ['kind', { kind: 'outcome' }],
      ['incident', { incident: 'inc00002' }],
    ])('refuses a key that is taken by an entry with another %s', async (_what, change) => {
      const journal = await makeJournal();
      await journal.append(someEntry());

      await expect(journal.append(someEntry(change))).rejects.toMatchObject({
        code: 'E_JOURNAL_CONFLICT',
        kind: 'refused',
        message: expect.stringContaining('opened') as unknown,
      });
      expect(await journal.read(scope, 'inc00001')).toHaveLength(1);
      expect(await journal.read(scope, 'inc00002')).toEqual([]);
    });

    test('lets two environments use the same key and the same incident', async () => {
      const journal = await makeJournal();
      const staging = { service: 'storefront', environment: 'staging' };
      await journal.append(someEntry());
      const other = storedEntry(await journal.append(someEntry({ ...staging, text: 'A drill.' })));

      expect(other.seq).toBe(1);
      expect(await journal.read(staging, 'inc00001')).toEqual([other]);
      expect(await journal.read(scope, 'inc00001')).toHaveLength(1);
    });

    test('gives fifty appends at once a dense chain', async () => {
      const journal = await makeJournal();
      await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          journal.append(someEntry({ key: `step-${index}`, data: { index } })),
        ),
      );

      const entries = await journal.read(scope, 'inc00001');

      expect(verifyChain(entries)).toMatchObject({ intact: true, entries: 50 });
      expect(new Set(entries.map((entry) => entry.key)).size).toBe(50);
    });

    test('stores a key once when twenty appends of it run at once', async () => {
      const journal = await makeJournal();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => journal.append(someEntry())),
      );

      expect(
        answers.filter((answer) => answer.stored === 'journal' && !answer.repeated),
      ).toHaveLength(1);
      expect(new Set(answers.map((answer) => storedEntry(answer).hash)).size).toBe(1);
      expect(await journal.read(scope, 'inc00001')).toHaveLength(1);
    });

    test('keeps an entry with characters that a database cannot store, and shows where', async () => {
      const journal = await makeJournal();
      const entry = someEntry({
        text: 'log: \0 end',
        actor: 'half \uD83D pair',
        data: { 'k\0ey': ['x\0', { deep: '\uDE00' }], fine: '😀 ünïcode' },
      });

      const stored = storedEntry(await journal.append(entry));

      expect(stored.text).toBe('log: \uFFFD end');
      expect(stored.actor).toBe('half \uFFFD pair');
      expect(stored.data).toEqual({
        'k\uFFFDey': ['x\uFFFD', { deep: '\uFFFD' }],
        fine: '😀 ünïcode',
      });
      const entries = await journal.read(scope, 'inc00001');
      expect(entries).toEqual([stored]);
      expect(verifyChain(entries)).toMatchObject({ intact: true });
      expect(await journal.append(entry)).toMatchObject({ repeated: true });
    });

    test('gives numbers and nested data back so that the hash still fits', async () => {
      const journal = await makeJournal();
      const data = {
        big: 1e21,
        tiny: 5e-324,
        minus: -0,
        third: 1 / 3,
        max: Number.MAX_VALUE,
        nothing: null,
        list: [[], {}, [true, false]],
        z: 1,
        a: 2,
        '10': 'ten',
        '9': 'nine',
      };
      await journal.append(someEntry({ data }));

      const entries = await journal.read(scope, 'inc00001');

      expect(verifyChain(entries)).toMatchObject({ intact: true });
      expect(entries[0]?.data).toEqual({ ...data, minus: 0 });
    });

    test('writes every time in one form', async () => {
      const journal = await makeJournal();
      const stored = storedEntry(
        await journal.append(someEntry({ at: '2026-11-23T08:30:00+02:00' })),
      );

      expect(stored.at).toBe('2026-11-23T06:30:00.000Z');
      expect(verifyChain(await journal.read(scope, 'inc00001'))).toMatchObject({ intact: true });
    });

    test.each<[string, Partial<NewEntry>]>([
      ['a time that is none', { at: 'yesterday' }],
      ['an empty key', { key: '' }],
      ['a key of a thousand characters', { key: 'k'.repeat(1000) }],
      ['an incident that leads out of a folder', { incident: '../../x' }],
      ['an incident that leads into a folder', { incident: 'a/b' }],
      ['an incident with control characters', { incident: 'a\u001b[2Jb' }],
      ['an incident of 300 characters', { incident: 'i'.repeat(300) }],
    ])('refuses %s', async (_what, change) => {
      const journal = await makeJournal();
      await expect(journal.append(someEntry(change))).rejects.toMatchObject({
        code: 'E_JOURNAL_ENTRY',
        kind: 'usage',
      });
    });

    test('keeps its entries when the caller changes what it got', async () => {
      const journal = await makeJournal();
      const given = someEntry();
      const stored = storedEntry(await journal.append(given));
      given.data['rate'] = 0;
      stored.text = 'changed';

      const entries = await journal.read(scope, 'inc00001');

      expect(verifyChain(entries)).toMatchObject({ intact: true });
      expect(entries[0]?.data['rate']).toBe(0.2);
    });
  });

  describe(`the incidents of a journal (${name})`, () => {
    test('are open until they are closed, newest first', async () => {
      const journal = await makeJournal();
      await journal.append(opened('older', { at: '2026-11-23T06:00:00.000Z' }));
      await journal.append(opened('newer', { at: '2026-11-23T07:00:00.000Z' }));
      await journal.append(closed('older', { at: '2026-11-23T08:00:00.000Z' }));

      expect(await journal.incidents(scope)).toEqual([
        {
          ...scope,
          id: 'newer',
          status: 'open',
          openedAt: '2026-11-23T07:00:00.000Z',
          reason: 'errors',
          rule: 'critical-errors',
          openedBy: 'ada@laptop',
        },
        {
          ...scope,
          id: 'older',
          status: 'closed',
          openedAt: '2026-11-23T06:00:00.000Z',
          closedAt: '2026-11-23T08:00:00.000Z',
          reason: 'errors',
          rule: 'critical-errors',
          openedBy: 'ada@laptop',
        },
      ]);
    });

    test('are open again when they are opened again', async () => {
      const journal = await makeJournal();
      await journal.append(opened('inc00001'));
      await journal.append(closed('inc00001', { at: '2026-11-23T07:00:00.000Z' }));
      const again = { key: 'opened-again', text: 'It is back.', at: '2026-11-23T08:00:00.000Z' };
      await journal.append(opened('inc00001', again));

      const [incident] = await journal.incidents(scope);

      expect(incident).toMatchObject({ status: 'open', reason: 'errors' });
      expect(incident).not.toHaveProperty('closedAt');
    });

    test('stay closed when their opening arrives after their closing', async () => {
      const journal = await makeJournal();
      const closedAt = '2026-11-23T05:00:00.000Z';
      await journal.append(someEntry({ key: 'step', at: '2026-11-23T03:01:00.000Z' }));
      await journal.append(closed('inc00001', { at: closedAt }));
      await journal.append(opened('inc00001', { at: '2026-11-23T03:00:00.000Z' }));

      expect(await journal.incidents(scope)).toMatchObject([
        { status: 'closed', closedAt, openedAt: '2026-11-23T03:00:00.000Z', reason: 'errors' },
      ]);
    });

    test('are closed when opening and closing are of the same millisecond', async () => {
      const journal = await makeJournal();
      await journal.append(closed('inc00001'));
      await journal.append(opened('inc00001'));

      expect(await journal.incidents(scope)).toMatchObject([{ status: 'closed' }]);
    });

    test('stay open when a closing from before their last opening arrives late', async () => {
      const journal = await makeJournal();
      await journal.append(opened('inc00001', { at: '2026-11-23T06:00:00.000Z' }));
      await journal.append(closed('inc00001', { at: '2026-11-23T05:00:00.000Z' }));

      const [incident] = await journal.incidents(scope);

      expect(incident).toMatchObject({ status: 'open' });
      expect(incident).not.toHaveProperty('closedAt');
    });

    test('opened by hand without a reason have the rule manual and say what the entry says', async () => {
      const journal = await makeJournal();
      await journal.append(opened('inc00001', { data: { reason: 7 }, text: 'I see errors.' }));

      expect(await journal.incidents(scope)).toMatchObject([
        { rule: 'manual', reason: 'I see errors.' },
      ]);
    });

    test('are listed although their opening has not arrived yet', async () => {
      const journal = await makeJournal();
      await journal.append(someEntry({ text: 'Breakers are open.', kind: 'outcome' }));

      expect(await journal.incidents(scope)).toMatchObject([
        { id: 'inc00001', status: 'open', rule: 'unknown', reason: 'Breakers are open.' },
      ]);
    });

    test('are those of one service and environment, at most 200', async () => {
      const journal = await makeJournal();
      await journal.append(opened('elsewhere', { environment: 'staging' }));
      for (let index = 0; index < 201; index += 1) {
        await journal.append(
          opened(`inc${index}`, { at: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString() }),
        );
      }

      const incidents = await journal.incidents(scope);

      expect(incidents).toHaveLength(200);
      expect(incidents[0]?.id).toBe('inc200');
      expect(incidents.some((incident) => incident.id === 'elsewhere')).toBe(false);
    });
  });
}
