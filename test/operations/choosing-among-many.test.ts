/** How many releases are asked about, and for how long, until one is chosen to go back to. */

import { expect, it } from 'vitest';
import { assess } from '../../src/operations/assess.ts';
import { prepareRollback } from '../../src/operations/roll-back.ts';
import { C, openSite, SCOPE, type Site } from '../support/memory-ports.ts';

const DAY_MS = 86_400_000;

/** So many good releases before A, the newest of which is `v0.1.N`; all that is published is `there`. */
async function openLong(
  count: number,
  there: readonly string[],
): Promise<Site & { asked: string[] }> {
  const site = await openSite();
  for (let index = 1; index <= count; index += 1) {
    const release = { tag: `v0.1.${index}`, commit: index.toString(16).padStart(40, '0') };
    const at = new Date(site.clock.now() - (10 + count - index) * DAY_MS).toISOString();
    site.history.tags.unshift({ name: release.tag, commit: release.commit, annotated: true, at });
    await site.ports.releases.record(SCOPE, { ...release, at });
    await site.ports.releases.mark(SCOPE, release.tag, 'good');
    site.target.publish(release);
  }
  const asked: string[] = [];
  const { clock, target } = site;
  const preflight = target.preflight.bind(target);
  target.preflight = async (release) => {
    asked.push(release.tag);
    await clock.sleep(1_000);
    const commit = there.includes(release.tag) ? release.commit : 'gone';
    return await preflight({ ...release, commit });
  };
  return Object.assign(site, { asked });
}

const plan = async (site: Site) =>
  await site.clock.run(prepareRollback(site.ports, 'application', undefined));

it('Where the artefact of the last known good is there, nobody asks about another release.', async () => {
  const site = await openLong(20, ['v1.1.0', 'v1.0.0']);
  expect((await plan(site)).plan.to).toBe('v1.1.0');
  expect(site.asked).toEqual(['v1.1.0']);
});

it('Where artefacts are gone, the releases before are asked about side by side.', async () => {
  const site = await openLong(20, ['v0.1.8', 'v0.1.9']);
  const from = site.clock.now();
  expect((await plan(site)).plan.to).toBe('v0.1.9');
  // v1.1.0 by itself, then v1.0.0 and v0.1.20 to v0.1.7 in three times five.
  expect(site.asked).toHaveLength(16);
  expect(site.clock.now() - from).toBe(4_000);
});

it('After that, what lacks a secret is left out all the same: nobody has to be asked for that.', async () => {
  const site = await openLong(300, []);
  const found = await site.clock.run(assess(site.ports, 'plan'));
  const { tag, commit } = found.knownGood.release ?? C;
  const details = { needs: ['env:GONE'] };
  const records = await site.ports.releases.list(SCOPE);
  const lacking = records.map((one) => (one.tag === tag ? { ...one, details } : one));
  const ports = {
    ...site.ports,
    isSet: () => false,
    releases: { ...site.ports.releases, list: () => Promise.resolve(lacking) },
  };
  const { knownGood } = await site.clock.run(assess(ports, 'plan'));
  expect(knownGood.release?.commit).not.toBe(commit);
  expect(knownGood.rejected.at(-1)).toEqual({
    tag,
    why: 'it was recorded to need what is gone: env:GONE',
  });
});

it.each(['plan', 'report'] as const)(
  'In a %s, choosing ends after 10 s, and what was not asked about is said and proven by nobody.',
  async (purpose) => {
    const site = await openLong(300, []);
    const from = site.clock.now();
    const { knownGood, candidates } = await site.clock.run(assess(site.ports, purpose));
    expect(site.clock.now() - from).toBeLessThanOrEqual(13_000);
    const { tag } = knownGood.release ?? {};
    expect(knownGood.rejected.map((one) => one.tag)).toContain(C.tag);
    expect(site.asked).not.toContain(tag);
    expect(new Set(site.asked).size).toBe(site.asked.length);
    const chosen = candidates.find((one) => one.tag === tag);
    expect(chosen).toMatchObject({ colour: 'YELLOW', reasons: [{ code: 'artefact-unknown' }] });
    expect(chosen?.reasons[0]?.text).toMatch(
      /: not asked, because looking at newer ones took 10 s$/,
    );
  },
);
