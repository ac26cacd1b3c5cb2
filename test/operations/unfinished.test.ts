/** Rollbacks whose end is not what it seemed: they came late, were gone on with, or fit no more. */

import { describe, expect, it } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import { GUARD_RULE } from '../../src/model/guard-record.ts';
import { assess } from '../../src/operations/assess.ts';
import { openIncident } from '../../src/operations/incidents.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { resumeRollback } from '../../src/operations/resume.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import type { ReleaseRef } from '../../src/ports/target.ts';
import { A, B, C, openSite, REQUEST, SCOPE, type Site } from '../support/memory-ports.ts';
import { type Fleet, heldOf, openFleet, part, runningOn } from './fleet-support.ts';
import { roll } from './roll-back-support.ts';

const D: ReleaseRef = { tag: 'v1.3.0', commit: 'd'.repeat(40) };

/** Another release under the same tag. */
const other = ({ tag }: ReleaseRef): ReleaseRef => ({ tag, commit: 'e'.repeat(40) });

function gaveUp(kind: 'failed' | 'uncertain'): BackoutError {
  return new BackoutError({ code: 'E_DEPLOY', kind, message: 'It is not over.', remedy: 'Wait.' });
}

/** Somebody or something makes this live, whatever we do. */
function makeLive(site: Site, live: ReleaseRef): void {
  site.target.current = () => Promise.resolve({ known: true, ...live, detail: '' });
}

/** This runs until something else is deployed. */
function makeLiveUntilDeployed(site: Site, live: ReleaseRef): void {
  const { target } = site;
  const current = target.current.bind(target);
  target.current = async (signal) => {
    const said = await current(signal);
    return said.known && said.tag === live.tag ? { ...said, ...live } : said;
  };
}

async function planTo(site: Site, to: string | undefined) {
  return await site.clock.run(prepareRollback(site.ports, 'application', to));
}

async function rollTo(site: Site, to: string) {
  const work = async () =>
    await rollBack(site.ports, await prepareRollback(site.ports, 'application', to), REQUEST);
  return await site.clock.run(work());
}

async function resume(site: Site, more: Partial<OperationPorts> = {}) {
  return await site.clock.run(resumeRollback({ ...site.ports, ...more }, undefined, 'lee'));
}

async function look(site: Site) {
  return await site.clock.run(assess(site.ports));
}

const heldIn = (steps: readonly { action: { kind: string; tag?: string } }[]) =>
  steps.flatMap(({ action }) => (action.kind === 'hold-release' ? [action.tag] : []));

/** After a rollback to B whose deployment did not come to its end, and which the platform then made. */
async function cameLate(kind: 'failed' | 'uncertain'): Promise<Site> {
  const site = await openSite();
  site.target.beforeChange = () => Promise.reject(gaveUp(kind));
  const { execution } = await roll(site);
  expect(execution.outcome).toBe(kind === 'failed' ? 'failed' : 'unknown');
  site.target.beforeChange = () => Promise.resolve();
  expect((await look(site)).live).toBe(C.tag);
  await site.clock.advance(120_000);
  makeLive(site, B);
  return site;
}

describe.each(['failed', 'uncertain'] as const)(
  'a rollback that came late, after an error of kind %s',
  (kind) => {
    it('is what the assessment says to go on with', async () => {
      const site = await cameLate(kind);
      const { recommended, openIncidents } = await look(site);
      expect(recommended.command).toBe(`backout incident resume ${openIncidents[0]?.id ?? '?'}`);
    });

    it.each([undefined, B.tag])('is not gone on from, nor called done: --to %s', async (named) => {
      const site = await cameLate(kind);
      await expect(planTo(site, named)).rejects.toMatchObject({
        code: 'E_UNFINISHED',
        message: expect.stringContaining(`${C.tag} is not held yet`) as string,
        remedy: expect.stringContaining('backout incident resume') as string,
      });
      expect((await resume(site)).execution.outcome).toBe('done');
      expect(await heldOf(site)).toEqual([C.tag]);
    });

    it('holds what was bad, and not the good one, where a person goes further back', async () => {
      const site = await cameLate(kind);
      const { plan } = await planTo(site, A.tag);
      expect([plan.from, plan.to, heldIn(plan.steps)]).toEqual([B.tag, A.tag, [C.tag]]);
    });
  },
);

describe('a rollback that failed', () => {
  it('because of its checks is over: what it left is held, and a person may go further', async () => {
    const site = await openSite();
    site.verdict = 'failed';
    expect((await roll(site)).execution.outcome).toBe('failed');
    const { plan } = await planTo(site, A.tag);
    expect([plan.from, plan.to, heldIn(plan.steps)]).toEqual([B.tag, A.tag, [B.tag]]);
    await expect(planTo(site, B.tag)).rejects.toMatchObject({ code: 'E_ALREADY_LIVE' });
  });

  it('and was gone on with by somebody who died is not over', async () => {
    const fleet = await openFleet({ web: { runs: C }, worker: { runs: C } });
    part(fleet, 'web').beforeChange = () => Promise.reject(gaveUp('failed'));
    expect((await roll(fleet)).execution.outcome).toBe('failed');
    expect((await look(fleet)).lastMove).toMatchObject({ state: 'failed' });
    expect((await look(fleet)).recommended.command).toBe('backout rollback application');

    // It dies before it can say how it ended.
    const { journal } = fleet.ports;
    const dying: OperationPorts['journal'] = {
      ...journal,
      append: (entry) =>
        entry.kind === 'execution-ended'
          ? Promise.reject(new Error('killed'))
          : journal.append(entry),
    };
    await resume(fleet, { journal: dying });
    expect((await look(fleet)).lastMove).toMatchObject({ state: 'open' });
    await expect(roll(fleet)).rejects.toMatchObject({
      code: 'E_UNFINISHED',
      message: expect.stringContaining('was interrupted') as string,
    });
    part(fleet, 'web').beforeChange = () => Promise.resolve();
    expect((await resume(fleet)).execution.outcome).toBe('done');
    expect(await runningOn(fleet)).toEqual({ web: B.tag, worker: B.tag });
  });
});

/** An interrupted rollback to B: nobody knows how it ended. */
async function interrupted(): Promise<Site> {
  const site = await openSite();
  site.target.beforeChange = () => Promise.reject(gaveUp('uncertain'));
  expect((await roll(site)).execution.outcome).toBe('unknown');
  return site;
}

describe('an interrupted rollback', () => {
  it.each([
    ['another release', D],
    ['another commit under the tag that it left', other(C)],
    ['another commit under the tag that it goes to', other(B)],
  ])('that %s overwrote is not gone on with, nor recommended', async (_, live) => {
    const site = await interrupted();
    makeLive(site, live);
    await expect(resume(site)).rejects.toMatchObject({ code: 'E_PLAN_STALE' });
    expect((await look(site)).recommended.command).not.toContain('resume');
  });

  it('whose release is the same commit as a held one is not gone on with', async () => {
    const site = await interrupted();
    const twin = { tag: 'v1.1.0-again', commit: B.commit };
    const at = new Date(site.clock.now()).toISOString();
    await site.ports.releases.record(SCOPE, { ...twin, at });
    await site.ports.releases.hold(SCOPE, twin.tag, { reason: 'it leaks', by: 'lee', at });
    await expect(resume(site)).rejects.toMatchObject({
      code: 'E_PLAN_STALE',
      message: expect.stringContaining(`it leaks. It is the same commit as ${twin.tag}`) as string,
    });
  });
});

async function open(web: ReleaseRef, worker: ReleaseRef): Promise<Fleet> {
  return await openFleet({ web: { runs: web }, worker: { runs: worker } });
}

describe('the same tag with another commit', () => {
  it('is no agreement, and is named with both commits', async () => {
    const fleet = await open(C, other(C));
    const { live, problems } = await look(fleet);
    expect(live).toBeUndefined();
    expect(problems).toContain(
      'Mixed state: web runs v1.2.0 (cccccccccc); worker runs v1.2.0 (eeeeeeeeee)',
    );
    const { execution } = await roll(fleet);
    expect(execution).toMatchObject({
      outcome: 'done',
      plan: { from_parts: { web: 'v1.2.0 (cccccccccc)', worker: 'v1.2.0 (eeeeeeeeee)' } },
    });
    expect(await runningOn(fleet)).toEqual({ web: B.tag, worker: B.tag });
  });

  it('is what a plan was made for when it is gone on with, target by target', async () => {
    const fleet = await open(C, other(C));
    part(fleet, 'worker').beforeChange = () => Promise.reject(gaveUp('uncertain'));
    expect((await roll(fleet)).execution.outcome).toBe('unknown');
    part(fleet, 'worker').beforeChange = () => Promise.resolve();
    expect((await resume(fleet)).execution.outcome).toBe('done');
  });

  it('is not live already where one target runs another one', async () => {
    const fleet = await open(B, other(B));
    expect((await rollTo(fleet, B.tag)).execution.outcome).toBe('done');
    expect(part(fleet, 'web').effects).toEqual([]);
    expect(part(fleet, 'worker').effects).toEqual([B]);
    await expect(rollTo(fleet, B.tag)).rejects.toMatchObject({ code: 'E_ALREADY_LIVE' });
  });

  it('that came in place of the good release is no reason to hold the good one', async () => {
    const site = await openSite();
    site.target.beforeChange = async () => makeLive(site, other(B));
    expect((await roll(site)).execution.outcome).toBe('failed');
    for (const named of [undefined, B.tag, A.tag]) {
      const { plan } = await planTo(site, named);
      expect([plan.to, heldIn(plan.steps)]).toEqual([named ?? B.tag, [C.tag]]);
    }
  });
});

/** An incident is open; a week later D goes live, is found good, and breaks. */
async function weekLater(rule: string, incident: string): Promise<Site> {
  const site = await openSite();
  await openIncident(site.ports, incident, { actor: 'guard', reason: 'it is back', rule });
  await site.clock.advance(7 * 86_400_000);
  const at = new Date(site.clock.now()).toISOString();
  site.history.tags.push({ name: D.tag, commit: D.commit, annotated: true, at });
  await site.ports.releases.record(SCOPE, { ...D, at });
  await site.ports.releases.mark(SCOPE, D.tag, 'good');
  makeLive(site, D);
  return site;
}

describe('a release that was deployed, found good and broke, while an older incident is open', () => {
  it('is rolled back where the guard opened that incident, which brings nothing back', async () => {
    const site = await weekLater(GUARD_RULE, 'guard-1');
    expect((await planTo(site, undefined)).plan).toMatchObject({ from: D.tag, to: B.tag });
  });

  it('is rolled back where that incident brought back another release', async () => {
    const site = await openSite();
    await roll(site);
    await site.clock.advance(7 * 86_400_000);
    const at = new Date(site.clock.now()).toISOString();
    await site.ports.releases.record(SCOPE, { ...D, at });
    await site.ports.releases.mark(SCOPE, D.tag, 'good');
    makeLive(site, D);
    expect((await planTo(site, undefined)).plan).toMatchObject({ from: D.tag, to: B.tag });
  });

  it('may have been brought back by hand in any other: the incident is named, and how to close it', async () => {
    const site = await weekLater('manual', 'inc-1');
    await expect(planTo(site, undefined)).rejects.toMatchObject({
      code: 'E_ALREADY_ROLLED_BACK',
      message: expect.stringContaining(`${D.tag} went live since incident inc-1 began`) as string,
      remedy: expect.stringContaining('backout incident close inc-1') as string,
    });
  });
});

it('What ran at another commit than its record is not held by holding the tag: the result is partial.', async () => {
  const site = await openSite();
  makeLiveUntilDeployed(site, other(C));
  const { execution } = await roll(site);
  expect(execution.outcome).toBe('partial');
  const hold = execution.steps.find(({ step }) => step.id === 'hold-release');
  expect(hold?.result).toMatchObject({
    outcome: 'failed',
    problem: expect.stringContaining(`${C.tag} ran at eeeeeeeeee`) as string,
  });
});
