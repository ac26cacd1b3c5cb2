/** Given two people who roll back at the same moment, one rolls back and the other changes nothing. */

import { afterAll, expect, test, vi } from 'vitest';
import { errorOf, expectExit, resultOf } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { changesOf, incidentsOf, overridesOf, startsOf } from './support/look.ts';
import { openSite } from './support/site.ts';
import { stateOf } from './support/state.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

test('of two rollbacks at once exactly one runs, and the other is told who holds the lease', async () => {
  await using site = await openSite(ground);
  // The winner stays in its deployment until the loser has ended.
  await site.trouble('waits');
  const runs = ['Payments fail', 'The page is empty'].map((reason) =>
    site.start(`rollback application --yes --json --reason '${reason}'`),
  );
  const ends = runs.map((run, index) => run.end.then((end) => ({ end, index })));
  const lost = await Promise.race(ends);
  await waitFor('the winner deploys', async () => (await startsOf(site)).length > 0);
  const during = await incidentsOf(site);
  await site.letGo();
  const won = await runs[1 - lost.index]?.end;
  if (won === undefined) throw new Error('There are two.');

  expectExit(won, 0);
  expectExit(lost.end, 4);
  const refusal = errorOf(lost.end);
  expect(refusal.code).toBe('E_LEASE_HELD');
  expect(refusal.message).toContain(`pid ${runs[1 - lost.index]?.pid}`);
  expect(refusal.message).toContain(resultOf(won).incident);
  expect(refusal.remedy).toContain(`backout incident show ${resultOf(won).incident}`);

  expect(during.map(({ id }) => id)).toEqual([resultOf(won).incident]);
  expect(await startsOf(site)).toHaveLength(1);
  expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.1.0']);
  expect(Object.keys(await overridesOf(site))).toEqual([`${resultOf(won).incident}.json`]);
  expect((await stateOf(site)).incidents).toEqual([
    { intact: true, repeatedIntents: [], opened: 1, decisions: 1 },
  ]);
});

test('resuming what is finished does nothing again', async () => {
  await using site = await openSite(ground);
  const command = "rollback application --yes --json --reason 'Payments fail'";
  expect((await site.run(command)).code).toBe(0);
  const finished = await stateOf(site);
  const again = await site.run('incident resume --json');
  expectExit(again, 0);
  expect(await stateOf(site)).toEqual(finished);
});
