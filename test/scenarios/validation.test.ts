/** Given a rollback that worked and a service that is still not well, the difference is said. */

import { afterAll, expect, test, vi } from 'vitest';
import { expectExit } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { breakersOf, liveOf, overridesOf, postmortemsOf, releasesOf } from './support/look.ts';
import { openSite } from './support/site.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const ROLLBACK = "rollback application --yes --reason 'Every second request fails'";

test('checks that still fail: exit 1, the bad release is held, the release is probably not the cause', async () => {
  await using site = await openSite(ground);
  site.health.set('bad');
  const end = await site.run(ROLLBACK);
  expectExit(end, 1);
  const said = end.stdout.replaceAll(/\s+/g, ' ');
  expect(said).toContain('v1.2.0 is probably not the cause');
  expect(said).not.toContain('ROLLED BACK to v1.1.0:');
  expect(said).toContain('incident resume');

  expect(await liveOf(site)).toBe('v1.1.0');
  expect((await releasesOf(site)).at(-1)).toMatchObject({ tag: 'v1.2.0', status: 'bad' });
  expect((await releasesOf(site)).at(-1)?.held).not.toBeNull();
  // It did not help, so what makes safe stays on.
  expect(Object.values(await overridesOf(site)).map(({ mode }) => mode)).toEqual(['safe']);
  expect((await breakersOf(site)).states).toEqual({ stripe: 'open', twilio: 'open' });
  expect(await postmortemsOf(site)).toHaveLength(1);

  site.health.set('good');
  const resumed = await site.run('incident resume');
  expectExit(resumed, 0);
  expect(resumed.stdout).toContain('ROLLED BACK to v1.1.0');
});

test('checks that cannot be made: exit 3, and neither success nor failure is claimed', async () => {
  await using site = await openSite(ground);
  site.health.set('cut');
  const end = await site.run(ROLLBACK);
  expectExit(end, 3);
  const said = end.stdout.replaceAll(/\s+/g, ' ');
  expect(said).toContain('NOT PROVEN');
  expect(said).not.toContain('probably not the cause');
  expect(await liveOf(site)).toBe('v1.1.0');
  expect((await releasesOf(site)).at(-1)?.held).not.toBeNull();

  site.health.set('good');
  const resumed = await site.run('incident resume');
  expectExit(resumed, 0);
});
