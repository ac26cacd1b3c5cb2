import { expect, test } from 'vitest';
import type { JournalEntry } from '../../src/model/journal.ts';
import { rollbacksIn } from '../../src/operations/guard-situation.ts';
import { B, C } from '../support/memory-ports.ts';
import { openRolledBack } from './guard-support.ts';

/** The entries of a rollback from C to B that ended, as given, one after the other. */
async function entriesWith(...ends: string[]): Promise<JournalEntry[]> {
  const { site, incident } = await openRolledBack();
  const entries = await site.entries(incident);
  return entries.flatMap((entry) =>
    entry.kind === 'execution-ended'
      ? ends.map((outcome) => ({ ...entry, data: { ...entry.data, outcome } }))
      : [entry],
  );
}

test('A rollback is known with its way, its actor, and where its release was proven.', async () => {
  const [found, ...more] = rollbacksIn(await entriesWith('done'));
  expect(more).toEqual([]);
  expect(found).toMatchObject({ from: C.tag, to: B.tag, actor: 'kim', ended: true });
  expect(Object.keys(found?.deployed ?? {})).toEqual(['web']);
});

test.each<[ends: string[], ended: boolean]>([
  [['done'], true],
  [['partial'], true],
  [['failed'], true],
  [['unknown', 'done'], true],
  // A holder that was overtaken says so after its follower had finished, or before it has.
  [['done', 'refused'], true],
  [['refused'], false],
  [['unknown'], false],
  [[], false],
])('A rollback with the ends %j is over: %j.', async (ends, ended) => {
  expect(rollbacksIn(await entriesWith(...ends))).toMatchObject([{ ended }]);
});
