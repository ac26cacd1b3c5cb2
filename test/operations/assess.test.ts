import { describe, expect, it } from 'vitest';
import { assess } from '../../src/operations/assess.ts';
import { down, hanging, openSite, type Site } from '../support/memory-ports.ts';

const look = async (site: Site, more: object = {}) =>
  await site.clock.run(assess({ ...site.ports, ...more }));

describe('where we are', () => {
  it('is what the targets, the records and the stores say', async () => {
    const site = await openSite();
    const assessment = await look(site);
    expect(assessment).toMatchObject({
      live: 'v1.2.0',
      problems: [],
      knownGood: { release: { tag: 'v1.1.0' } },
      commits: [{ subject: 'Release v1.2.0' }],
      openIncidents: [],
      recommended: {
        level: 'flags',
        command: expect.stringContaining('backout emergency') as string,
      },
    });
  });

  it.each(['down', 'hanging'] as const)(
    'is said as far as it is known when everything is %s',
    async (how) => {
      const site = await openSite();
      const { ports, clock } = site;
      const broken = <Port extends object>(port: Port): Port =>
        how === 'down' ? down(port) : hanging(port);
      const began = clock.now();
      const assessment = await look(site, {
        flags: broken(ports.flags),
        breakers: broken(ports.breakers),
        releases: broken(ports.releases),
        repository: broken(ports.repository),
        journal: broken(ports.journal),
        targets: ports.targets.map(broken),
      });
      expect(assessment.live).toBeUndefined();
      expect(assessment.knownGood.release).toBeUndefined();
      expect(assessment.problems).toHaveLength(6);
      expect(assessment.problems.join('\n')).toMatch(/web does not say what is live/);
      expect(assessment.recommended).toMatchObject({
        level: 'flags',
        why: expect.stringContaining('cannot be read') as string,
      });
      expect(clock.now() - began).toBeLessThanOrEqual(10_000);
      expect(clock.sleeping()).toBe(0);
    },
  );

  it('has no live release when the targets do not agree', async () => {
    const site = await openSite();
    const other = {
      ...site.target,
      name: 'mail',
      current: () => Promise.resolve({ known: true as const, tag: 'v1.1.0', detail: '' }),
    };
    const { live, problems } = await look(site, { targets: [site.target, other] });
    expect(live).toBeUndefined();
    expect(problems).toEqual(['Mixed state: web runs v1.2.0; mail runs v1.1.0']);
  });

  it('recommends the next step up once the service is safe, and none where there is none', async () => {
    const site = await openSite();
    const at = new Date(site.clock.now()).toISOString();
    const by = { since: at, by: 'kim', rule: 'manual', reason: 'slow' };
    await site.ports.flags.engage({ mode: 'safe', incident: 'incident1', ...by });
    expect((await look(site)).recommended).toMatchObject({ level: 'application' });
    for (const tag of ['v1.0.0', 'v1.1.0'])
      await site.ports.releases.mark(site.ports.scope, tag, 'bad');
    expect((await look(site)).recommended).toMatchObject({ level: undefined, command: undefined });
  });
});
