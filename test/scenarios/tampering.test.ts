/** Given somebody who wants the record to say something else, it cannot be done unseen. */

import { afterAll, expect, test, vi } from 'vitest';
import { asOwnerWithoutGuards } from '../adapters/postgres/support.ts';
import { expectExit } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { incidentsOf } from './support/look.ts';
import { openSite } from './support/site.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

test('the owner of the journal cannot change, delete or empty it', async () => {
  await using site = await openSite(ground);
  expect((await site.run("emergency --reason 'Every second request fails'")).code).toBe(0);
  const before = await incidentsOf(site);
  const where = `where service = '${site.service}'`;
  for (const sql of [
    `update backout.journal set text = 'It was calm' ${where}`,
    `delete from backout.journal ${where}`,
    'truncate backout.journal',
  ]) {
    await expect(ground.postgres.pool.query(sql)).rejects.toThrow(/append-only/);
    // One transaction: the setting is gone again with the refusal.
    const replica = `set session_replication_role = replica; ${sql}`;
    await expect(ground.postgres.pool.query(replica)).rejects.toThrow(/append-only/);
  }
  expect(await incidentsOf(site)).toEqual(before);
  const shown = await site.run('incident show --json');
  expectExit(shown, 0);
  expect(shown.json).toMatchObject({ chain: { intact: true } });
});

test.each([
  ['text', `text = 'Nothing was done.'`],
  ['actor', `actor = 'somebody else'`],
  ['time', `at = at - interval '1 hour'`],
  ['data', `data = data || '{"outcome": "done", "step": "nothing"}'`],
])('an entry whose %s was changed without the guards is named', async (_what, change) => {
  await using site = await openSite(ground);
  expect((await site.run("emergency --reason 'Every second request fails'")).code).toBe(0);
  await asOwnerWithoutGuards(
    ground.postgres,
    `update backout.journal set ${change} where service = '${site.service}' and seq = 3`,
    ['backout.journal'],
  );
  const shown = await site.run('incident show --json');
  expectExit(shown, 1);
  expect(shown.json).toMatchObject({ chain: { intact: false, seq: 3 } });
  const forPeople = await site.run('incident show');
  expect(forPeople.code).toBe(1);
  expect(forPeople.stdout).toContain('BROKEN at entry 3');
});
