/** An assessment that also asks where deploy pipelines run. */

import { expect, it } from 'vitest';
import { memoryDeployments } from '../../src/adapters/memory/deployments.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { assess } from '../../src/operations/assess.ts';
import { chooseRelease } from '../../src/operations/choose-release.ts';
import type { Deployments } from '../../src/ports/deployments.ts';
import type { ReleaseRef } from '../../src/ports/target.ts';
import { A, B, C, down, hanging, openSite, type Site } from '../support/memory-ports.ts';

function deployment(
  { tag: ref, commit }: ReleaseRef,
  createdAt: number,
  state: Deployment['state'] = 'succeeded',
): Deployment {
  const at = new Date(createdAt).toISOString();
  const url = 'https://github.example/acme/shop/actions/runs/7';
  return { id: ref, ref, commit, state, by: 'kim', createdAt: at, url };
}

const HOUR = 3_600_000;

async function look(site: Site, deployments: Deployments, purpose?: 'plan') {
  return await site.clock.run(assess({ ...site.ports, deployments }, purpose));
}

/** A service whose team never recorded anything. */
async function unrecorded(): Promise<Site> {
  const site = await openSite();
  site.ports.releases.list = () => Promise.resolve([]);
  return site;
}

it('A release that only the pipeline knows is YELLOW, and says who says that it ran.', async () => {
  const site = await unrecorded();
  const at = site.clock.now() - HOUR;
  const deployments = memoryDeployments([deployment(C, at), deployment(B, at - HOUR)]);
  const { candidates } = await look(site, deployments);
  const found = candidates.find(({ tag }) => tag === B.tag);
  expect(found).toMatchObject({ colour: 'YELLOW' });
  const reason = found?.reasons.find(({ code }) => code === 'unrecorded');
  expect(reason?.text).toMatch(
    /^nobody recorded it here; memory says that it was deployed .* UTC by kim$/,
  );
  // The other tag is older and unknown to all.
  const other = candidates.find(({ tag }) => tag === A.tag);
  expect(other?.reasons.find(({ code }) => code === 'unrecorded')?.text).not.toContain('memory');
});

it('What only the pipeline knows is never chosen by itself, and may be named by a person.', async () => {
  const site = await unrecorded();
  const deployments = memoryDeployments([deployment(B, site.clock.now() - HOUR)]);
  const assessment = await look(site, deployments);
  expect(assessment.knownGood.release).toBeUndefined();
  expect(() => chooseRelease(assessment, undefined)).toThrowError(
    expect.objectContaining({ code: 'E_NO_TARGET' }),
  );
  expect(chooseRelease(assessment, B.tag)).toMatchObject({ tag: B.tag });
});

it('What was deployed stands before what merely has a tag.', async () => {
  const site = await unrecorded();
  const deployments = memoryDeployments([deployment(A, site.clock.now() - HOUR)]);
  const { candidates } = await look(site, deployments);
  expect(candidates.map(({ tag }) => tag)).toEqual([A.tag, B.tag]);
});

it('A deployment that goes on is told, with who began it and where to look.', async () => {
  const site = await openSite();
  const going = deployment(B, site.clock.now() - 60_000, 'running');
  const forgotten = deployment(A, site.clock.now() - 7 * HOUR, 'waiting');
  const { deploying } = await look(site, memoryDeployments([going, forgotten]));
  expect(deploying).toEqual([going]);
});

it('A release that came past us is told as a contradiction, part by part.', async () => {
  const site = await openSite();
  const deployments = memoryDeployments([deployment(B, site.clock.now() + HOUR)]);
  const { drift, problems } = await look(site, deployments);
  expect(drift).toMatchObject([{ part: 'web', against: 'memory' }]);
  expect(drift[0]?.text).toContain(
    `runs ${C.tag}, and memory says that ${B.tag} was deployed last`,
  );
  expect(problems).toEqual([]);
});

it.each(['down', 'hanging'] as const)(
  'When the place where pipelines run is %s, that is a problem in words, and all else stands.',
  async (how) => {
    const site = await openSite();
    const good = memoryDeployments([]);
    const broken = how === 'down' ? down(good, 'newest') : hanging(good, 'newest');
    const { live, knownGood, deploying, drift, problems } = await look(site, broken);
    expect(live).toBe(C.tag);
    expect(knownGood.release?.tag).toBe(B.tag);
    expect([deploying, drift]).toEqual([[], []]);
    expect(problems).toEqual([expect.stringContaining('What memory deployed cannot be read')]);
    expect(site.clock.sleeping()).toBe(0);
  },
);

it('A plan does not wait for the place where pipelines run.', async () => {
  const site = await openSite();
  const { knownGood, problems } = await look(
    site,
    hanging(memoryDeployments([]), 'newest'),
    'plan',
  );
  expect(knownGood.release?.tag).toBe(B.tag);
  expect(problems).toEqual([]);
});
