import { describe, expect, test } from 'vitest';
import { BackoutError } from '../../../src/model/error.ts';
import { MAINTENANCE_RULE } from '../../../src/model/incident.ts';
import { openIncident } from '../../../src/operations/incidents.ts';
import { lookAround, lookAtFlags } from '../../../src/operations/manual/look-around.ts';
import { prepareReturn } from '../../../src/operations/prepare-return.ts';
import { rollBack } from '../../../src/operations/roll-back.ts';
import type { LiveRelease } from '../../../src/ports/target.ts';
import { NIGHT } from '../../support/fake-clock.ts';
import { A, B, C, SCOPE, type Site, down, hanging, openSite } from '../../support/memory-ports.ts';
import { roll } from '../roll-back-support.ts';

/** So many hours after midnight. */
const at = (hour: number): string => new Date(NIGHT + hour * 3_600_000).toISOString();

const look = (site: Site, named?: string, offered = 5) =>
  lookAround(site.ports, { named, offered });

function liveIs({ target }: Site, said: LiveRelease): void {
  target.current = () => Promise.resolve(said);
}

/** What is live passed its bake, and broke later. */
async function openProven(): Promise<Site> {
  const site = await openSite();
  await site.ports.releases.mark(SCOPE, C.tag, 'good');
  return site;
}

/** A further tag on a commit of its own. */
function addTag(site: Site, name: string): void {
  const commit = Buffer.from(name.padEnd(20)).toString('hex');
  site.history.commits.push({ commit, parents: [], subject: name });
  site.history.tags.push({ name, commit, annotated: false, at: at(0) });
}

const offeredBy = async (site: Site, offered?: number): Promise<string[]> => {
  const { release } = await look(site, undefined, offered);
  return release?.kind === 'choose' ? release.candidates.map(({ tag }) => tag) : ['a choice made'];
};

test('With everything readable it is the last known good, and nothing is unknown.', async () => {
  const site = await openSite();
  expect(await look(site)).toEqual({
    running: undefined,
    live: C.tag,
    release: { kind: 'known-good', ...B },
    liveIsRecorded: true,
    unknown: [],
  });
});

describe.each([
  ['down', down],
  ['hanging', hanging],
] as const)('With the stores %s', (_state, broken) => {
  test('nothing is chosen: the tags below the live one are offered, newest first.', async () => {
    const site = await openSite();
    for (const tag of ['v1.1.1', 'v2.0.0', 'v1.1.2-rc.1']) addTag(site, tag);
    site.ports.releases = broken(site.ports.releases);
    site.ports.journal = broken(site.ports.journal);
    const began = site.clock.now();
    const seen = await site.clock.run(look(site));
    expect(site.clock.now() - began).toBeLessThanOrEqual(1_500);
    expect(seen.release).toMatchObject({
      kind: 'choose',
      candidates: [{ tag: 'v1.1.1' }, { tag: B.tag }, { tag: A.tag }],
    });
    expect(seen.liveIsRecorded).toBeUndefined();
    expect(seen.unknown.join()).toContain('Which releases are good or held');
    expect(await site.clock.run(offeredBy(site, 1))).toEqual(['v1.1.1']);
  });

  test('what is live is not guessed, and a pre-release is not offered.', async () => {
    const site = await openSite();
    addTag(site, 'v1.3.0-rc.1');
    site.ports.releases = broken(site.ports.releases);
    site.ports.targets = site.ports.targets.map((target) => broken(target, 'current'));
    const seen = await site.clock.run(look(site));
    expect(seen.live).toBeUndefined();
    expect(seen.unknown.join()).toContain('does not say what is live');
    expect(await site.clock.run(offeredBy(site))).toEqual([C.tag, B.tag, A.tag]);
  });

  test('a named release is looked up in git, and not called proven.', async () => {
    const site = await openSite();
    site.ports.releases = broken(site.ports.releases);
    const { release } = await site.clock.run(look(site, A.tag));
    expect(release).toEqual({ kind: 'named', ...A, proven: false });
  });

  test('without git nothing is offered, and a named release is refused.', async () => {
    const site = await openSite();
    site.ports.repository = broken(site.ports.repository);
    const { release, unknown } = await site.clock.run(look(site));
    expect(release).toMatchObject({ kind: 'choose', candidates: [] });
    expect(unknown.join()).toContain('The release tags');
    await expect(site.clock.run(look(site, A.tag))).rejects.toMatchObject({
      code: expect.stringMatching(/E_DOWN|E_TIMEOUT/) as unknown,
    });
  });

  test('whether the safe state is on is said to be unknown.', async () => {
    const site = await openSite();
    site.ports.flags = broken(site.ports.flags);
    const { running, unknown } = await site.clock.run(lookAtFlags(site.ports));
    expect([running, unknown.length]).toEqual([undefined, 1]);
  });
});

test('What is held, bad, moved or the same as the live one is not offered.', async () => {
  const site = await openSite();
  const hold = { reason: 'it lost orders', by: 'kim', at: at(0) };
  await site.ports.releases.hold(SCOPE, B.tag, hold);
  await site.ports.releases.mark(SCOPE, A.tag, 'bad');
  addTag(site, 'v0.9.0');
  site.history.tags.push({ name: 'v1.1.9', commit: C.commit, annotated: false, at: at(0) });
  expect(await offeredBy(site)).toEqual(['v0.9.0']);
});

test('A commit that is held is not offered under another tag, nor taken by it.', async () => {
  const site = await openSite();
  await site.ports.releases.hold(SCOPE, B.tag, { reason: 'it lost orders', by: 'kim', at: at(0) });
  await site.ports.releases.mark(SCOPE, A.tag, 'deployed');
  site.history.tags.push({ name: 'v1.1.5', commit: B.commit, annotated: false, at: at(0) });
  expect(await offeredBy(site)).toEqual([A.tag]);
  await expect(look(site, 'v1.1.5')).rejects.toMatchObject({
    code: 'E_TAG_BAD',
    message: expect.stringContaining('the same commit as v1.1.0, which is held') as string,
  });
});

test('Where a target does not say what is live, what was recorded last may be named: it may not be there.', async () => {
  const site = await openSite();
  site.target.problem = 'no answer';
  expect((await look(site, C.tag)).release).toEqual({ kind: 'named', ...C, proven: false });
});

describe('What is live is not called good, though its bake passed,', () => {
  test.each([C.commit, C.commit.slice(0, 7)])('where a target says its commit %s.', async (tag) => {
    const site = await openProven();
    liveIs(site, { known: true, tag, detail: '' });
    expect(await look(site)).toMatchObject({
      live: C.tag,
      release: { kind: 'known-good', ...B },
      liveIsRecorded: true,
    });
    await expect(look(site, C.tag)).rejects.toMatchObject({ code: 'E_ALREADY_LIVE' });
  });

  test('where only its record knows what the platform calls it.', async () => {
    const site = await openProven();
    const details = { artefacts: { web: 'sha256:cc' } };
    await site.ports.releases.record(SCOPE, { ...C, at: at(0), details });
    liveIs(site, { known: false, problem: 'nobody named it', artefacts: ['sha256:cc'] });
    expect(await look(site)).toMatchObject({
      live: C.tag,
      release: { kind: 'known-good', ...B },
      unknown: [],
    });
  });

  test('where its tag was moved, and another one stands for its commit.', async () => {
    const site = await openSite();
    const again = { tag: 'v1.1.9', commit: C.commit };
    site.history.tags.push({ name: again.tag, commit: C.commit, annotated: false, at: at(0) });
    await site.ports.releases.record(SCOPE, { ...again, at: at(0) });
    await site.ports.releases.mark(SCOPE, again.tag, 'good');
    const tag = site.history.tags.find(({ name }) => name === C.tag);
    Object.assign(tag ?? {}, { commit: A.commit });
    expect((await look(site)).release).toMatchObject({ kind: 'known-good', ...B });
    await expect(look(site, again.tag)).rejects.toMatchObject({ code: 'E_ALREADY_LIVE' });
    for (const release of [again.tag, B.tag, A.tag]) {
      await site.ports.releases.mark(SCOPE, release, 'deployed');
    }
    expect(await offeredBy(site)).toEqual([B.tag, A.tag]);
  });
});

describe('Whether a rollback is over already', () => {
  test('is not taken from maintenance that is not closed.', async () => {
    const site = await openSite();
    const why = { actor: 'kim', reason: 'stale readings', rule: MAINTENANCE_RULE };
    await openIncident(site.ports, 'caches', why);
    await site.ports.releases.record(SCOPE, { ...C, at: at(1) });
    await site.ports.releases.mark(SCOPE, C.tag, 'good');
    expect((await look(site)).release).toEqual({ kind: 'known-good', ...B });
  });

  test('is told: what it brought back is good.', async () => {
    const site = await openSite();
    expect((await roll(site)).execution.outcome).toBe('done');
    await expect(look(site)).rejects.toMatchObject({ code: 'E_ALREADY_ROLLED_BACK' });
  });

  test('is not taken from a return, which brought back on purpose what is live.', async () => {
    const site = await openSite();
    await roll(site);
    const why = { actor: 'lee', reason: 'it did not help', rule: 'manual' };
    const undo = async () =>
      await rollBack(site.ports, await prepareReturn(site.ports, undefined), why);
    expect((await site.clock.run(undo())).execution.outcome).toBe('done');
    await site.ports.releases.mark(SCOPE, C.tag, 'good');
    expect((await look(site)).release).toEqual({ kind: 'known-good', ...B });
  });
});

test('A named release is checked as elsewhere.', async () => {
  const site = await openSite();
  await expect(look(site, 'v9.9.9')).rejects.toMatchObject({ code: 'E_TAG_NOT_FOUND' });
  await expect(look(site, C.tag)).rejects.toMatchObject({ code: 'E_ALREADY_LIVE' });
  expect((await look(site, A.tag)).release).toEqual({ kind: 'named', ...A, proven: true });
});

test('An override of every group is gone on with; one of some groups, or a lifted one, is not.', async () => {
  const site = await openSite();
  const safe = { mode: 'safe' as const, by: 'kim', rule: 'manual', reason: 'orders fail' };
  await site.ports.flags.engage({ ...safe, incident: 'some', groups: ['shop'], since: at(3) });
  expect((await lookAtFlags(site.ports)).running).toBeUndefined();
  await site.ports.flags.engage({ ...safe, incident: 'whole', since: at(1) });
  await site.ports.flags.engage({ ...safe, incident: 'later', since: at(2) });
  expect((await lookAtFlags(site.ports)).running?.incident).toBe('later');
  const { mode: _mode, rule: _rule, ...lift } = safe;
  for (const incident of ['whole', 'later']) {
    await site.ports.editor.lift({ ...lift, mode: 'lifted', incident, since: at(4) });
  }
  expect((await lookAtFlags(site.ports)).running).toBeUndefined();
});

test('A rollback that came late, and has not held what was bad, is finished before anything older is named.', async () => {
  const site = await openSite();
  site.target.beforeChange = () =>
    Promise.reject(new BackoutError({ code: 'E_DEPLOY', message: 'It is not over.', remedy: '.' }));
  await roll(site);
  liveIs(site, { known: true, ...B, detail: '' });
  await expect(look(site)).rejects.toMatchObject({ code: 'E_UNFINISHED' });
});
