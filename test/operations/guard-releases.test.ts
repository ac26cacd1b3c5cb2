import { describe, expect, it } from 'vitest';
import { memoryTarget } from '../../src/adapters/memory/target.ts';
import type { Verdict } from '../../src/model/verdict.ts';
import { guardPorts } from '../../src/operations/guard-ports.ts';
import { lookAtReleases } from '../../src/operations/guard-releases.ts';
import { newMemory } from '../../src/operations/guard-situation.ts';
import { closeRecord } from '../../src/operations/month-record.ts';
import { A, B, C, openSite, SCOPE } from '../support/memory-ports.ts';
import { codesOf } from './complaint-support.ts';
import {
  deployByHand,
  kindsOf,
  linesOf,
  look,
  monthOf,
  notesOf,
  openRolledBack,
} from './guard-support.ts';
import { roll } from './roll-back-support.ts';

describe('a held release that is back', () => {
  it('is written down and told once, however often and by whomever it is seen', async () => {
    const { site, incident } = await openRolledBack();
    const memory = newMemory();
    expect(kindsOf(await look(site, memory))).toEqual(['fine']);
    await deployByHand(site, C);
    for (let looks = 0; looks < 5; looks += 1) {
      for (const one of [memory, newMemory()]) {
        const { verdict, findings, back } = await look(site, one);
        expect({ verdict, findings }).toMatchObject({
          verdict: 'failed',
          findings: [{ kind: 'held-release-back', target: 'web', tag: C.tag, expected: B.tag }],
        });
        expect(back[0]?.occurrence.incident).toBe(incident);
      }
    }
    expect(codesOf(site)).toEqual(['held-release-back']);
    expect(await notesOf(site, incident)).toEqual(['back', 'who']);
    expect(linesOf(site)).toContain(
      'web runs v1.2.0 again, which is held (error rate 21 %; by kim',
    );
    expect(linesOf(site)).toContain(
      `Run: backout rollback application --to v1.1.0 --incident ${incident}`,
    );
    expect(await site.ports.journal.incidents(SCOPE)).toHaveLength(1);
  });

  it('changes nothing in production: it is only told', async () => {
    const { site } = await openRolledBack();
    await deployByHand(site, C);
    const before = await site.ports.releases.list(SCOPE);
    await look(site);
    expect(site.target.effects.map(({ tag }) => tag)).toEqual([B.tag, C.tag]);
    expect(await site.ports.releases.list(SCOPE)).toEqual(before);
  });

  it('is over once when it is gone, and back once more when it is back once more', async () => {
    const { site, incident } = await openRolledBack();
    for (const release of [C, C, B, B, C, C, A, A]) {
      await deployByHand(site, release);
      await look(site);
    }
    const twice = ['held-release-back', 'held-release-gone'];
    expect(codesOf(site)).toEqual([...twice, ...twice]);
    expect((await notesOf(site, incident)).filter((one) => one !== 'who')).toEqual([
      'back',
      'over',
      'back',
      'over',
    ]);
    expect(linesOf(site)).toMatch(
      /v1\.2\.0, which was held, was back on web from 2025-\S+ on\. Now it runs v1\.1\.0, as recorded\./,
    );
  });

  it('is over when a person ends its hold', async () => {
    const { site, incident } = await openRolledBack();
    await deployByHand(site, C);
    await look(site);
    await site.ports.releases.hold(SCOPE, C.tag, undefined);
    expect(kindsOf(await look(site))).toEqual(['unrecorded-change']);
    expect(codesOf(site)).toEqual(['held-release-back', 'held-release-gone']);
    expect(await notesOf(site, incident)).toContain('over');
  });

  it('whose incident is over gets one of its own, which every guard finds again', async () => {
    const { site, incident } = await openRolledBack();
    await closeRecord(site.ports, incident, 'kim', 'it is over');
    await deployByHand(site, C);
    const guards = await Promise.all([look(site), look(site)]);
    await look(site);
    const open = (await site.ports.journal.incidents(SCOPE)).filter((one) => one.status === 'open');
    expect(open).toMatchObject([
      { rule: 'guard', reason: 'v1.2.0 is back on web, and it is held' },
    ]);
    expect(open[0]?.id).toMatch(/^guard-[0-9a-f]{10}$/);
    expect(guards.flatMap(({ back }) => back.map((one) => one.occurrence.incident))).toEqual([
      open[0]?.id,
      open[0]?.id,
    ]);
    expect(codesOf(site)).toEqual(['held-release-back']);
  });

  it.each(['v1.2.1', C.commit.slice(0, 10)])(
    'is found under a tag that nobody recorded, by what git says of it: %s',
    async (tag) => {
      const { site } = await openRolledBack();
      const said = { known: true as const, tag, detail: '' };
      site.target.current = () => Promise.resolve(said);
      const at = new Date(site.clock.now()).toISOString();
      site.history.tags.push({ name: 'v1.2.1', commit: C.commit, annotated: true, at });
      const { findings } = await look(site);
      expect(findings).toMatchObject([{ kind: 'held-release-back', held: { tag: C.tag } }]);
    },
  );

  it('may be what runs under an unrecorded tag while git does not answer: not known is not well', async () => {
    const { site } = await openRolledBack();
    site.target.current = () => Promise.resolve({ known: true, tag: 'v1.2.1', detail: '' });
    const { verdict, problems } = await look(site, newMemory(), {
      tags: () => Promise.reject(new Error('no clone')),
    });
    expect({ verdict, problems }).toEqual({
      verdict: 'inconclusive',
      problems: ['the tags of git cannot be read: no clone'],
    });
  });

  it('is named by target when only one of several has it', async () => {
    const { site } = await openRolledBack();
    const api = memoryTarget('api', C);
    const more = { targets: [...guardPorts(site.ports).targets, api] };
    const { findings } = await look(site, newMemory(), more);
    expect(findings).toMatchObject([
      { target: 'web', kind: 'fine' },
      { target: 'api', kind: 'held-release-back' },
    ]);
    expect(linesOf(site)).toContain('api runs v1.2.0 again');
    expect(linesOf(site)).not.toContain('web runs');
  });

  it('is paged for whatever the rollback still does, once that has replaced it', async () => {
    const site = await openSite();
    let seen: string[] = [];
    site.verdict = async (): Promise<Verdict> => {
      if (seen.length > 0) return 'passed';
      await deployByHand(site, C);
      // In the middle of the validation: the rollback still runs, and has its lease.
      seen = kindsOf(await lookAtReleases(guardPorts(site.ports), newMemory()));
      await deployByHand(site, B);
      return 'passed';
    };
    await roll(site);
    expect(seen).toEqual(['held-release-back']);
  });
});

describe('what is no alarm', () => {
  it('a deployment that nobody recorded is written down once it stayed, and told to nobody', async () => {
    const { site } = await openRolledBack();
    const memory = newMemory();
    await deployByHand(site, A);
    for (let looks = 0; looks < 5; looks += 1) {
      const { verdict, findings } = await look(site, memory);
      expect({ verdict, kind: findings[0]?.kind }).toEqual({
        verdict: 'passed',
        kind: 'unrecorded-change',
      });
      expect(await notesOf(site, monthOf(site)).catch(() => [])).toHaveLength(looks === 0 ? 0 : 1);
    }
    expect(codesOf(site)).toEqual([]);
    const incidents = await site.ports.journal.incidents(SCOPE);
    expect(incidents.filter(({ status }) => status === 'open')).toHaveLength(1);
  });

  it('a hold put on what is live, which never left', async () => {
    const site = await openSite();
    const hold = { reason: 'orders fail', by: 'kim', at: new Date(site.clock.now()).toISOString() };
    await site.ports.releases.hold(SCOPE, C.tag, hold);
    const { verdict, findings } = await look(site);
    expect({ verdict, findings }).toMatchObject({
      verdict: 'passed',
      findings: [{ kind: 'still-live' }],
    });
    expect(codesOf(site)).toEqual([]);
  });

  it('the last steps of a rollback, which lie between reading the target and the record', async () => {
    const site = await openSite();
    let reads = 0;
    const releases = {
      async list(scope: typeof SCOPE) {
        reads += 1;
        if (reads === 1) {
          // The target has answered C by now; the rollback ends before the record is read.
          await deployByHand(site, B);
          const at = new Date(site.clock.now()).toISOString();
          await site.ports.releases.record(SCOPE, { ...B, at });
          await site.ports.releases.hold(SCOPE, C.tag, { reason: 'bad', by: 'kim', at });
        }
        return await site.ports.releases.list(scope);
      },
    };
    const { findings } = await look(site, newMemory(), { releases });
    expect({ reads, findings }).toMatchObject({
      reads: 2,
      findings: [{ kind: 'fine', tag: B.tag }],
    });
    expect(codesOf(site)).toEqual([]);
  });

  it('an environment without targets is not known to be well', async () => {
    const { site } = await openRolledBack();
    expect((await look(site, newMemory(), { targets: [] })).verdict).toBe('inconclusive');
  });
});

it('The guard is handed nothing that could change production.', async () => {
  const { site } = await openRolledBack();
  const ports = guardPorts(site.ports);
  expect(Object.keys(ports).toSorted()).toEqual([
    'clock',
    'facts',
    'history',
    'journal',
    'leases',
    'messengers',
    'releases',
    'scope',
    'settings',
    'tags',
    'targets',
  ]);
  expect(Object.keys(ports.releases)).toEqual(['list']);
  for (const target of ports.targets) {
    expect(Object.keys(target).toSorted()).toEqual(['current', 'kind', 'lastChange', 'name']);
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
  }
});
