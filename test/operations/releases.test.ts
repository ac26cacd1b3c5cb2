import { describe, expect, it } from 'vitest';
import { targetResource } from '../../src/model/lease.ts';
import { bakeRelease } from '../../src/operations/bake-release.ts';
import { gateDeployment } from '../../src/operations/gate-deployment.ts';
import { noteDeed } from '../../src/operations/month-record.ts';
import { recordRelease } from '../../src/operations/record-release.ts';
import { A, B, C, down, openSite, SCOPE, type Site } from '../support/memory-ports.ts';
import { roll } from './roll-back-support.ts';

const statusOf = async ({ ports }: Site, tag: string) =>
  (await ports.releases.list(SCOPE)).find((release) => release.tag === tag)?.status;

const bake = async (site: Site, tag = C.tag) =>
  await site.clock.run(bakeRelease(site.ports, tag, { signal: new AbortController().signal }));
const gate = async (site: Site, tag: string) =>
  await site.clock.run(gateDeployment(site.ports, tag));

describe('recording a release', () => {
  it('keeps what the deployment says of itself, with the commit that its tag has', async () => {
    const site = await openSite();
    const details = { artefacts: { web: 'sha256:9f' }, schemaVersion: '12', actor: 'ci' };
    const { release, problems } = await site.clock.run(recordRelease(site.ports, C.tag, details));
    expect(release).toMatchObject({ tag: C.tag, commit: C.commit, details });
    expect(problems).toEqual([]);
  });

  it('is refused when no target runs it: it would become the last known good one day', async () => {
    const site = await openSite();
    const before = await site.ports.releases.list(SCOPE);
    await expect(site.clock.run(recordRelease(site.ports, B.tag, {}))).rejects.toMatchObject({
      code: 'E_NOT_LIVE',
      kind: 'refused',
      message: `${B.tag} did not go live: web says that ${C.tag} is live, not ${B.tag}.`,
      remedy: expect.stringContaining('--at') as string,
    });
    expect(await site.ports.releases.list(SCOPE)).toEqual(before);
  });

  it('says which target runs something else, when another one runs it', async () => {
    const site = await openSite();
    const mail = {
      ...site.target,
      name: 'mail',
      current: () => Promise.resolve({ known: true as const, tag: B.tag, detail: '' }),
    };
    const ports = { ...site.ports, targets: [site.target, mail] };
    const { release, problems } = await site.clock.run(recordRelease(ports, B.tag, {}));
    expect(release.tag).toBe(B.tag);
    expect(problems).toEqual([`web says that ${C.tag} is live, not ${B.tag}.`]);
  });

  it('goes on when no target can be asked, and says so', async () => {
    const site = await openSite();
    const ports = { ...site.ports, targets: [down(site.target)] };
    const { release, problems } = await site.clock.run(recordRelease(ports, B.tag, {}));
    expect(release.tag).toBe(B.tag);
    expect(problems).toEqual([expect.stringMatching(/does not say what is live/)]);
  });
});

describe('the bake of a release', () => {
  it('makes it good when every round of the whole time passed, and not before', async () => {
    const site = await openSite();
    const began = site.clock.now();
    const during: (string | undefined)[] = [];
    site.verdict = async () => {
      during.push(await statusOf(site, C.tag));
      return 'passed' as const;
    };
    expect(await bake(site)).toMatchObject({ status: 'good' });
    expect(site.clock.now() - began).toBeGreaterThanOrEqual(600_000);
    expect(new Set(during)).toEqual(new Set(['baking']));
    expect(await statusOf(site, C.tag)).toBe('good');
  });

  it.each(['failed', 'inconclusive', 'error'] as const)(
    'leaves it unproven after one %s round',
    async (verdict) => {
      const site = await openSite();
      let round = 0;
      // Asked twice: a second answer that is good would be good enough.
      site.verdict = () => ([3, 4].includes((round += 1)) ? verdict : 'passed');
      expect(await bake(site)).toMatchObject({ status: 'deployed' });
      expect(await statusOf(site, C.tag)).toBe('deployed');
    },
  );

  it('proves nothing when something else went live meanwhile', async () => {
    const site = await openSite();
    let round = 0;
    site.verdict = async () => {
      if ((round += 1) === 3) {
        const guard = { fence: 9, incident: 'x', signal: new AbortController().signal };
        await site.target.apply(B, guard);
      }
      return 'passed' as const;
    };
    expect(await bake(site)).toMatchObject({
      status: 'deployed',
      problem: expect.stringContaining(`${B.tag} is live`) as string,
    });
  });

  it('does not make good what a rollback found bad meanwhile', async () => {
    const site = await openSite();
    let round = 0;
    site.verdict = async () => {
      if ((round += 1) === 3) await site.ports.releases.mark(SCOPE, C.tag, 'bad');
      return 'passed' as const;
    };
    await expect(bake(site)).rejects.toMatchObject({ code: 'E_RELEASE_BAD' });
    expect(await statusOf(site, C.tag)).toBe('bad');
  });

  it('is refused for what is not live, or was never recorded', async () => {
    const site = await openSite();
    await expect(bake(site, B.tag)).rejects.toMatchObject({ code: 'E_NOT_LIVE', kind: 'refused' });
    await expect(bake(site, 'v9.9.9')).rejects.toMatchObject({ code: 'E_RELEASE_UNKNOWN' });
    expect(await statusOf(site, B.tag)).toBe('good');
  });
});

describe('the gate of a pipeline', () => {
  it('lets through what is neither held nor in the way', async () => {
    const site = await openSite();
    await expect(gate(site, C.tag)).resolves.toBeUndefined();
  });

  it('refuses what a rollback held, naming the incident, also under another tag', async () => {
    const site = await openSite();
    const { incident } = await roll(site);
    await expect(gate(site, C.tag)).rejects.toMatchObject({
      code: 'E_TAG_BAD',
      kind: 'refused',
      message: expect.stringContaining(incident) as string,
    });
    const [tag] = site.history.tags;
    if (tag === undefined) throw new Error('There are no tags.');
    site.history.tags.push({ ...tag, name: 'v1.2.1', commit: C.commit });
    await expect(gate(site, 'v1.2.1')).rejects.toMatchObject({
      code: 'E_TAG_BAD',
      message: expect.stringContaining('the same commit as v1.2.1') as string,
    });
    await expect(gate(site, A.tag)).resolves.toBeUndefined();
  });

  it('refuses any deployment while a rollback runs, naming who is at it', async () => {
    const site = await openSite();
    const resources = [targetResource(SCOPE, 'web')];
    await site.ports.leases.acquire({ resources, holder: 'maria', incident: 'i7', ttlMs: 30_000 });
    await expect(gate(site, C.tag)).rejects.toMatchObject({
      code: 'E_LEASE_HELD',
      message: expect.stringMatching(/maria.*i7/) as string,
    });
  });

  it('refuses a tag that was moved since it was deployed, which could not be recorded', async () => {
    const site = await openSite();
    const tag = site.history.tags.find(({ name }) => name === B.tag);
    if (tag === undefined) throw new Error('There is no such tag.');
    tag.commit = 'e'.repeat(40);
    await expect(gate(site, B.tag)).rejects.toMatchObject({
      code: 'E_TAG_MOVED',
      message: expect.stringMatching(/bbbbbbbbbb.*eeeeeeeeee/) as string,
    });
  });

  it('refuses a tag that git does not know: its commit may be held under another', async () => {
    const site = await openSite();
    await expect(site.clock.run(gateDeployment(site.ports, 'v8.8.8'))).rejects.toMatchObject({
      code: 'E_TAG_NOT_FOUND',
      remedy: expect.stringContaining('git fetch --tags') as string,
    });
  });

  it('takes no silence for a permission', async () => {
    for (const port of ['releases', 'leases', 'repository'] as const) {
      const site = await openSite();
      const ports = { ...site.ports, [port]: down(site.ports[port]) };
      await expect(site.clock.run(gateDeployment(ports, C.tag))).rejects.toMatchObject({
        code: 'E_DOWN',
      });
    }
  });
});

describe('what somebody did outside an incident', () => {
  it('is written down in the record of the month, which stays no open incident', async () => {
    const site = await openSite();
    const deed = { actor: 'kim', text: 'v1.2.0 is no longer held.', reason: 'fixed', data: {} };
    const incident = await site.clock.run(noteDeed(site.ports, deed, undefined));
    expect(incident).toBe('maintenance-202501');
    expect((await site.entries(incident)).map(({ kind }) => kind)).toEqual([
      'incident-opened',
      'note',
      'incident-closed',
    ]);
  });
});
