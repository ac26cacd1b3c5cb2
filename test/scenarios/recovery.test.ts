/** Given a service in its safe state, it comes back slowly, in order, and by named people only. */

import { afterAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { errorOf, expectExit } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { baseOf, breakersOf, incidentsOf, overridesOf } from './support/look.ts';
import { type Site, openSite } from './support/site.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const EMERGENCY = "emergency --json --reason 'Every second request fails'";
const LIFT = "flags lift --json --reason 'The providers are well again'";
const CLOSE = "incident close --json --reason 'It was the new release'";

async function modesOf(site: Site): Promise<string[]> {
  return Object.values(await overridesOf(site)).map(({ mode }) => mode);
}

/** Flag → value, as a running application gets it. */
async function flagsOf(site: Site): Promise<Record<string, unknown>> {
  const flags = z.object({ flags: z.array(z.object({ name: z.string(), value: z.unknown() })) });
  const { json } = await site.run('flags list --json');
  return Object.fromEntries(flags.parse(json).flags.map(({ name, value }) => [name, value]));
}

test('the way back: breakers first, then the flags by a named person, then the incident', async () => {
  await using site = await openSite(ground);
  site.health.set('good');
  const base = await baseOf(site);
  const before = await flagsOf(site);
  expect((await site.run(EMERGENCY)).code).toBe(0);
  expect(await flagsOf(site)).toMatchObject({ community: false, rate_limit: true, checkout: true });

  const early = await site.run(`${LIFT} --by Ada`);
  expectExit(early, 4);
  expect(errorOf(early).code).toBe('E_BREAKERS_OPEN');
  expect(errorOf(early).message).toContain('stripe');
  expect(await modesOf(site)).toEqual(['safe']);

  const reset = await site.run('breakers reset --json');
  expectExit(reset, 0);
  expect((await breakersOf(site)).states).toEqual({ stripe: 'closed', twilio: 'closed' });

  const nobody = await site.run(LIFT);
  expectExit(nobody, 2);
  const blank = await site.run(`${LIFT} --by ' '`);
  expectExit(blank, 2);
  const tooEarly = await site.run(CLOSE);
  expectExit(tooEarly, 4);
  expect(errorOf(tooEarly).code).toBe('E_STILL_SAFE');
  expect(await modesOf(site)).toEqual(['safe']);

  const lifted = await site.run(`${LIFT} --by Ada`);
  expectExit(lifted, 0);
  // A tombstone beside the override: nothing is deleted, and it says who.
  expect(await modesOf(site)).toEqual(expect.arrayContaining(['safe', 'lifted']));
  expect(Object.values(await overridesOf(site))).toContainEqual(
    expect.objectContaining({ mode: 'lifted', by: 'Ada' }),
  );
  expect(await baseOf(site)).toEqual(base);
  expect(await flagsOf(site)).toEqual(before);

  const closed = await site.run(CLOSE);
  expectExit(closed, 0);
  const [incident] = await incidentsOf(site);
  expect(incident?.chain.intact).toBe(true);
  expect(incident?.entries.at(-1)?.kind).toBe('incident-closed');
});

test('an emergency during recovery wins: everything is open again, and the recovery stops', async () => {
  await using site = await openSite(ground, { watch: '6s' });
  site.health.set('good');
  expect((await site.run(EMERGENCY)).code).toBe(0);
  const reset = site.start('breakers reset --json');
  await waitFor('stripe is half open', async () => {
    const { states } = await breakersOf(site);
    return states['stripe'] === 'half-open';
  });
  const emergency = await site.run(EMERGENCY);
  expectExit(emergency, 0);
  expect((await breakersOf(site)).states).toEqual({ stripe: 'open', twilio: 'open' });

  const end = await reset.end;
  expectExit(end, 3);
  expect(end.json).toMatchObject({ outcome: 'stopped', closed: [] });
  expect((await breakersOf(site)).states).toEqual({ stripe: 'open', twilio: 'open' });
  expect(new Set(await modesOf(site))).toEqual(new Set(['safe']));
});

test('a check that fails while a provider is tried opens it again and stops there', async () => {
  await using site = await openSite(ground, { watch: '6s' });
  site.health.set('good');
  expect((await site.run(EMERGENCY)).code).toBe(0);
  const reset = site.start('breakers reset --json');
  await waitFor('stripe is half open', async () => {
    const { states } = await breakersOf(site);
    return states['stripe'] === 'half-open';
  });
  site.health.set('bad');
  const end = await reset.end;
  expectExit(end, 3);
  expect((await breakersOf(site)).states).toEqual({ stripe: 'open', twilio: 'open' });
});

test('a breaker that a person holds open is left alone until that person names it', async () => {
  await using site = await openSite(ground);
  site.health.set('good');
  expect((await site.run(EMERGENCY)).code).toBe(0);
  const held = await site.run("breakers trip twilio --isolate --reason 'Their bill is disputed'");
  expectExit(held, 0);
  await site.run('breakers reset --json');
  expect((await breakersOf(site)).states).toEqual({ stripe: 'closed', twilio: 'isolated' });
  const named = await site.run('breakers reset twilio --json');
  expectExit(named, 0);
  expect((await breakersOf(site)).states).toEqual({ stripe: 'closed', twilio: 'closed' });
});
