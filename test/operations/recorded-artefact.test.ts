/** What a release was recorded to be on a target is what is asked for, planned, and deployed. */

import { expect, it } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import { assessLive } from '../../src/operations/live-state.ts';
import { nameByRecord } from '../../src/operations/name-by-record.ts';
import { prepareRollback } from '../../src/operations/roll-back.ts';
import { recordRelease } from '../../src/operations/record-release.ts';
import type { LiveRelease, ReleaseRef } from '../../src/ports/target.ts';
import { A, B, C, down, hanging, openSite, SCOPE, type Site } from '../support/memory-ports.ts';
import { roll } from './roll-back-support.ts';

/** B was recorded as digest `sha256:bb` on web; what the target is asked is written down. */
async function openRecorded(): Promise<Site & { asked: ReleaseRef[]; deployed: ReleaseRef[] }> {
  const site = await openSite();
  const [asked, deployed]: [ReleaseRef[], ReleaseRef[]] = [[], []];
  const preflight = site.target.preflight.bind(site.target);
  const apply = site.target.apply.bind(site.target);
  site.target.preflight = (release) => {
    asked.push(release);
    return preflight(release);
  };
  site.target.apply = (release, guard) => {
    deployed.push(release);
    return apply(release, guard);
  };
  const at = new Date(site.clock.now() - 2 * 86_400_000).toISOString();
  const details = { artefacts: { web: 'sha256:bb', constructor: 'other' } };
  await site.ports.releases.record(SCOPE, { ...B, at, details });
  return Object.assign(site, { asked, deployed });
}

it('A rollback asks for the recorded artefact from the first look to the deployment.', async () => {
  const site = await openRecorded();
  const { plan } = await site.clock.run(prepareRollback(site.ports, 'application', undefined));
  const actions = plan.steps.flatMap(({ action }) =>
    action.kind === 'preflight' || action.kind === 'deploy' ? action : [],
  );
  expect(actions).toEqual([
    { kind: 'preflight', target: 'web', ...B, artefact: 'sha256:bb' },
    { kind: 'deploy', target: 'web', ...B, artefact: 'sha256:bb' },
  ]);
  const { execution } = await roll(site);
  expect(execution.outcome).toBe('done');
  expect(site.deployed).toEqual([{ ...B, artefact: 'sha256:bb' }]);
  expect(new Set(site.asked.map(({ artefact }) => artefact))).toEqual(new Set(['sha256:bb']));
});

it('A release that nobody recorded an artefact of is asked for by tag and commit.', async () => {
  const site = await openRecorded();
  const { plan } = await site.clock.run(prepareRollback(site.ports, 'application', A.tag));
  expect(plan.steps.find(({ id }) => id === 'deploy:web')?.action).toEqual({
    kind: 'deploy',
    target: 'web',
    ...A,
  });
});

it('Another artefact under the same tag makes a release RED, and it is never chosen.', async () => {
  const site = await openRecorded();
  const preflight = site.target.preflight.bind(site.target);
  const mismatch = new BackoutError({
    code: 'E_ARTEFACT_MISMATCH',
    kind: 'refused',
    message: 'v1.1.0 was recorded as sha256:bb on web, and that does not fit: it has sha256:ff.',
    remedy: 'Choose another release.',
  });
  site.target.preflight = (release) =>
    release.artefact === undefined ? preflight(release) : Promise.reject(mismatch);
  const { plan, assessment } = await site.clock.run(
    prepareRollback(site.ports, 'application', undefined),
  );
  expect(plan.to).toBe(A.tag);
  const judged = assessment.candidates.find(({ tag }) => tag === B.tag);
  expect(judged?.reasons).toMatchObject([{ colour: 'RED', code: 'artefact-mismatch' }]);
  expect(judged?.reasons[0]?.text).toContain('it has sha256:ff');
  await expect(
    site.clock.run(prepareRollback(site.ports, 'application', B.tag)),
  ).rejects.toMatchObject({ code: 'E_ARTEFACT_MISMATCH', kind: 'refused' });
});

it('What nobody could tell makes it YELLOW, stands in the step, and stops nothing.', async () => {
  const site = await openRecorded();
  const doubt = 'whether ghcr.io still has the image cannot be asked';
  site.target.preflight = () => Promise.resolve(doubt);
  const { assessment } = await site.clock.run(prepareRollback(site.ports, 'application', B.tag));
  const judged = assessment.candidates.find(({ tag }) => tag === B.tag);
  expect(judged).toMatchObject({ colour: 'YELLOW', reasons: [{ code: 'artefact-doubted' }] });
  const { execution } = await roll(site);
  expect(execution.outcome).toBe('done');
  expect(JSON.stringify(execution.steps)).toContain(doubt);
});

it('A deployment is proven by the artefact where the platform does not say which release it is.', async () => {
  const site = await openRecorded();
  const current = site.target.current.bind(site.target);
  site.target.current = async (signal) => {
    const live = await current(signal);
    if (!live.known || live.tag !== B.tag) return live;
    return { known: false, problem: 'nobody named it', artefacts: ['7', 'sha256:bb'] };
  };
  const { execution } = await roll(site);
  expect(execution.outcome).toBe('done');
});

it.each<[string, (live: ReleaseRef) => Partial<ReleaseRef>]>([
  ['tag', ({ tag }) => ({ tag })],
  ['commit in place of a tag', ({ commit }) => ({ tag: commit })],
  ['short commit in place of a tag', ({ commit }) => ({ tag: commit.slice(0, 7) })],
])('The same %s with another artefact is not what was planned, and not done.', async (_, says) => {
  const site = await openRecorded();
  const current = site.target.current.bind(site.target);
  site.target.current = async (signal) => {
    const live = await current(signal);
    if (!live.known || live.commit === undefined) return live;
    const { tag, commit } = live;
    return { ...live, ...says({ tag, commit }), artefacts: ['sha256:ff'] };
  };
  const { execution } = await roll(site);
  expect(execution.outcome).not.toBe('done');
  expect(JSON.stringify(execution.steps)).toContain('another v1.1.0 than sha256:bb');
});

it('What is live is named by its record, unless two releases have the same artefact.', async () => {
  const site = await openRecorded();
  const releases = await site.ports.releases.list(SCOPE);
  const unnamed = { known: false as const, problem: 'nobody named it', artefacts: ['sha256:bb'] };
  const said = [{ name: 'web', live: unnamed }];
  expect(nameByRecord(said, releases)[0]?.live).toMatchObject({ known: true, ...B });
  const at = new Date(site.clock.now()).toISOString();
  const details = { artefacts: { web: 'sha256:bb' } };
  await site.ports.releases.record(SCOPE, { ...C, at, details });
  const both = await site.ports.releases.list(SCOPE);
  expect(nameByRecord(said, both)[0]?.live).toEqual(unnamed);
  // Another target's artefact says nothing about this one.
  expect(nameByRecord([{ name: 'worker', live: unnamed }], both)[0]?.live).toEqual(unnamed);
});

const UNNAMED: LiveRelease = { known: false, problem: 'nobody named it', artefacts: ['sha256:bb'] };
const SHORT_NAME: LiveRelease = { known: true, tag: B.commit.slice(0, 10), detail: '' };

it.each<[what: string, said: LiveRelease, without: (site: Site) => Partial<Site['ports']>]>([
  ['only its artefact is known', UNNAMED, () => ({})],
  [
    'git does not have the commit',
    SHORT_NAME,
    (site) => ({ repository: down(site.ports.repository) }),
  ],
  ['the records do not answer', SHORT_NAME, (site) => ({ releases: hanging(site.ports.releases) })],
])('The last line of an answer names what is live also where %s.', async (_, said, without) => {
  const site = await openRecorded();
  site.target.current = () => Promise.resolve(said);
  const from = site.clock.now();
  expect(await site.clock.run(assessLive({ ...site.ports, ...without(site) }))).toBe(B.tag);
  // Whoever prints it waits 1.5 s, and the targets want some of that.
  expect(site.clock.now() - from).toBeLessThanOrEqual(1_000);
});

it('Where the target says a tag, nothing else is asked for that line.', async () => {
  const site = await openRecorded();
  const { releases, repository } = site.ports;
  const ports = { ...site.ports, releases: hanging(releases), repository: hanging(repository) };
  const from = site.clock.now();
  expect(await site.clock.run(assessLive(ports))).toBe(C.tag);
  expect(site.clock.now()).toBe(from);
});

it('Recording what a deployment is called is enough for a platform that cannot say it.', async () => {
  const site = await openRecorded();
  site.target.current = () =>
    Promise.resolve({ known: false, problem: 'nobody named it', artefacts: ['12'] });
  const record = async (artefact: string) =>
    await site.clock.run(recordRelease(site.ports, C.tag, { artefacts: { web: artefact } }));
  expect((await record('12')).problems).toEqual([]);
  expect((await record('13')).problems).toEqual([expect.stringContaining('nobody named it')]);
});
