/** Given a release that must not come back, who said so and why is known until somebody ends that. */

import { afterAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { errorOf, expectExit } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { assessed, call } from './support/history.ts';
import { incidentsOf } from './support/look.ts';
import { openSite, type Site } from './support/site.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

/** Nobody is there who could acknowledge the safe state. */
const HURRIED = (config: string): string =>
  config.replace('acknowledge_within: 5s', 'acknowledge_within: 1s');

const LOSES = 'It loses orders at night';
const MENDED = 'The index is back, it was innocent';

const hold = (site: Site, tag: string, reason: string, ...more: string[]) =>
  call(site, ['release', 'hold', tag, '--json', '--reason', reason, ...more]);
const unhold = (site: Site, tag: string, ...more: string[]) =>
  call(site, ['release', 'unhold', tag, '--json', '--reason', MENDED, ...more]);
const gate = (site: Site, tag: string) => call(site, ['release', 'gate', tag, '--json']);

/** What the journal tells of holds, in order: where, who, what. */
async function notesOf(site: Site) {
  const entries = (await incidentsOf(site)).flatMap((incident) => incident.entries);
  return entries
    .filter(({ kind }) => kind === 'note')
    .map(({ incident, actor, text, data }) => ({ incident, actor, text, held: data['held'] }));
}

const judged = z.object({
  incident: z.string().optional(),
  hold: z
    .object({ reason: z.string(), by: z.string(), incident: z.string().optional() })
    .optional(),
  was: z.object({ reason: z.string() }).optional(),
});

interface Case {
  what: string;
  act: (site: Site) => Promise<unknown>;
  /** The texts of the journal's notes. */
  notes: string[];
  /** What the gate says of v1.1.0: that it is allowed, or the refusal. */
  gate: RegExp;
  chosen: string;
}

const CASES: Case[] = [
  {
    what: 'held once',
    act: (site) => hold(site, 'v1.1.0', LOSES),
    notes: [`v1.1.0 is held: ${LOSES}`],
    gate: /^E_TAG_BAD v1\.1\.0 is held since \S+ by \S+: It loses orders at night/,
    chosen: 'v1.0.0',
  },
  {
    what: 'held twice: the first hold stands, both are in the journal',
    act: async (site) => {
      await hold(site, 'v1.1.0', LOSES);
      await hold(site, 'v1.1.0', 'It is slow as well');
    },
    notes: [`v1.1.0 is held: ${LOSES}`, 'v1.1.0 is held: It is slow as well'],
    gate: /^E_TAG_BAD .*It loses orders at night/,
    chosen: 'v1.0.0',
  },
  {
    what: 'held and ended',
    act: async (site) => {
      await hold(site, 'v1.1.0', LOSES);
      await unhold(site, 'v1.1.0');
    },
    notes: [`v1.1.0 is held: ${LOSES}`, `Ends the hold of v1.1.0: ${MENDED}`],
    gate: /^allowed$/,
    chosen: 'v1.1.0',
  },
  {
    what: 'ended twice: the second time nothing is changed or told',
    act: async (site) => {
      await hold(site, 'v1.1.0', LOSES);
      await unhold(site, 'v1.1.0');
      await unhold(site, 'v1.1.0');
    },
    notes: [`v1.1.0 is held: ${LOSES}`, `Ends the hold of v1.1.0: ${MENDED}`],
    gate: /^allowed$/,
    chosen: 'v1.1.0',
  },
  {
    what: 'ended without ever being held',
    act: (site) => unhold(site, 'v1.1.0'),
    notes: [],
    gate: /^allowed$/,
    chosen: 'v1.1.0',
  },
  {
    what: 'held again after it was ended: the new reason counts',
    act: async (site) => {
      await hold(site, 'v1.1.0', LOSES);
      await unhold(site, 'v1.1.0');
      await hold(site, 'v1.1.0', 'It is slow as well');
    },
    notes: [
      `v1.1.0 is held: ${LOSES}`,
      `Ends the hold of v1.1.0: ${MENDED}`,
      'v1.1.0 is held: It is slow as well',
    ],
    gate: /^E_TAG_BAD .*It is slow as well/,
    chosen: 'v1.0.0',
  },
];

test.each(CASES)('$what', async ({ act, notes, gate: answer, chosen }) => {
  await using site = await openSite(ground, { instance: false });
  await act(site);
  const told = await notesOf(site);
  expect(told.map(({ text }) => text)).toEqual(notes);
  for (const { actor, incident } of told) {
    expect(actor).not.toBe('');
    expect(incident).toMatch(/^maintenance-\d{6}$/);
  }
  const end = await gate(site, 'v1.1.0');
  const said = end.code === 0 ? 'allowed' : `${errorOf(end).code} ${errorOf(end).message}`;
  expect(said).toMatch(answer);
  expect(end.code).toBe(said === 'allowed' ? 0 : 4);
  expect((await assessed(site)).chosen).toBe(chosen);
});

test('two people hold at the same moment: one hold counts, both are in the journal', async () => {
  await using site = await openSite(ground, { instance: false });
  const command = (reason: string) => site.run(`release hold v1.1.0 --json --reason '${reason}'`);
  const ends = await Promise.all([command(LOSES), command('It is slow as well')]);
  for (const end of ends) expectExit(end, 0);
  // Both are told the same: whose hold it is.
  const counts = ends.map(({ json }) => judged.parse(json).hold?.reason);
  expect(new Set(counts).size).toBe(1);
  expect((await notesOf(site)).map(({ text }) => text).toSorted()).toEqual([
    'v1.1.0 is held: It is slow as well',
    `v1.1.0 is held: ${LOSES}`,
  ]);
});

test('held during an incident: the gate names it, and the note is in it', async () => {
  await using site = await openSite(ground, { instance: false, edit: HURRIED });
  const opened = await site.run("emergency --incident checkout-1 --reason 'Orders fail' --json");
  expectExit(opened, 0, 3);
  expect(judged.parse((await hold(site, 'v1.1.0', LOSES)).json)).toMatchObject({
    incident: 'checkout-1',
    hold: { incident: 'checkout-1' },
  });
  expect(errorOf(await gate(site, 'v1.1.0')).message).toMatch(/ in incident checkout-1: It loses/);
  expect((await notesOf(site)).map(({ incident }) => incident)).toEqual(['checkout-1']);
});

test('with two open incidents somebody has to say which, and until then nothing is held', async () => {
  await using site = await openSite(ground, { instance: false, edit: HURRIED });
  for (const incident of ['checkout-1', 'checkout-2']) {
    await site.run(`emergency --incident ${incident} --reason 'Orders fail' --json`);
  }
  const refused = await hold(site, 'v1.1.0', LOSES);
  expectExit(refused, 2);
  expect(errorOf(refused)).toMatchObject({
    code: 'E_INCIDENT_AMBIGUOUS',
    remedy: expect.stringContaining('--incident') as string,
  });
  expect((await assessed(site)).candidates['v1.1.0']).toBe('GREEN');
  expectExit(await hold(site, 'v1.1.0', LOSES, '--incident', 'checkout-2'), 0);
  expect((await assessed(site)).candidates['v1.1.0']).toBe('RED held');
});

test('a release that a rollback held says so to the pipeline, and is unproven when that ends', async () => {
  await using site = await openSite(ground);
  const end = await site.run(
    "rollback application --yes --json --reason 'Every second request fails'",
  );
  expectExit(end, 0);
  const refusal = errorOf(await gate(site, 'v1.2.0'));
  expect(refusal.code).toBe('E_TAG_BAD');
  expect(refusal.message).toMatch(/by \S+ in incident \S+: Every second request fails/);

  const ended = await call(site, ['release', 'unhold', 'v1.2.0', '--reason', MENDED]);
  expect(ended.stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /v1\.2\.0 is no longer held\. It was held since .* in incident .*: Every second .* before `backout release bake`/,
  );
  expectExit(await gate(site, 'v1.2.0'), 0);
  expect((await assessed(site)).candidates['v1.2.0']).toBe('RED newer, unproven, elsewhere');
});
