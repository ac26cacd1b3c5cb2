/** Targets that do not all run the same release, and targets that do not say what they run. */

import { describe, expect, it } from 'vitest';
import { assess } from '../../src/operations/assess.ts';
import { resumeRollback } from '../../src/operations/resume.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import type { ReleaseRef } from '../../src/ports/target.ts';
import { A, B, C, openSite, REQUEST, SCOPE, type Site } from '../support/memory-ports.ts';
import { type Fleet, heldOf, openFleet, part, runningOn } from './fleet-support.ts';
import { roll } from './roll-back-support.ts';

/** What a target runs; `unread`: it runs that, and does not say so. */
type Runs = ReleaseRef | { unread: ReleaseRef };

async function open(runs: Record<string, Runs>): Promise<Fleet> {
  const live = Object.entries(runs).map(
    ([name, run]) => [name, { runs: 'unread' in run ? run.unread : run }] as const,
  );
  const fleet = await openFleet(Object.fromEntries(live));
  for (const [name, run] of Object.entries(runs)) {
    if ('unread' in run) part(fleet, name).problem = 'no answer';
  }
  return fleet;
}

async function rollTo(site: Site, to: string) {
  const work = async () =>
    await rollBack(site.ports, await prepareRollback(site.ports, 'application', to), REQUEST);
  return await site.clock.run(work());
}

interface Row {
  what: string;
  runs: Record<string, Runs>;
  /** What somebody recorded since the night began. */
  recorded?: ReleaseRef;
  says: string;
  presumed: string;
  from: string | undefined;
  to: string;
}

const ROWS: Row[] = [
  {
    what: 'a deployment that came half-way',
    runs: { web: C, worker: B, jobs: B },
    says: 'Mixed state: web runs v1.2.0; worker runs v1.1.0; jobs runs v1.1.0',
    presumed: C.tag,
    from: C.tag,
    to: B.tag,
  },
  {
    what: 'one that does not say, beside others that agree',
    runs: { web: C, worker: C, jobs: { unread: C } },
    says: 'Not every target answers: web runs v1.2.0; worker runs v1.2.0; jobs does not say what is live: no answer',
    presumed: C.tag,
    from: C.tag,
    to: B.tag,
  },
  {
    what: 'three different answers',
    runs: { web: C, worker: A, jobs: { unread: C } },
    says: 'Mixed state: web runs v1.2.0; worker runs v1.0.0; jobs does not say what is live: no answer',
    presumed: C.tag,
    from: C.tag,
    to: B.tag,
  },
  {
    what: 'one that answers with the good release, while the bad one was recorded last',
    runs: { web: B, worker: { unread: C } },
    says: 'Not every target answers: web runs v1.1.0; worker does not say what is live: no answer',
    presumed: C.tag,
    // Nobody says that v1.2.0 runs anywhere: it is not held for that alone.
    from: undefined,
    to: B.tag,
  },
  {
    what: 'nobody says anything',
    runs: { web: { unread: C }, worker: { unread: C } },
    says: 'Not every target answers: web does not say what is live: no answer; worker does not say what is live: no answer',
    presumed: C.tag,
    from: undefined,
    to: B.tag,
  },
];

describe('a mixed state', () => {
  it.each(ROWS)('is reported by part, and a rollback is possible: $what', async (row) => {
    const fleet = await open(row.runs);
    const assessment = await fleet.clock.run(assess(fleet.ports));
    expect(assessment).toMatchObject({ live: undefined, presumed: row.presumed });
    expect(assessment.problems).toContain(row.says);
    const prepared = prepareRollback(fleet.ports, 'application', undefined);
    const { plan } = await fleet.clock.run(prepared);
    expect([plan.from, plan.to]).toEqual([row.from, row.to]);
    const holds = plan.steps.flatMap(({ action }) =>
      action.kind === 'hold-release' ? [action.tag] : [],
    );
    expect(holds).toEqual(row.from === undefined ? [] : [row.from]);
  });

  it('is a plan that says what each target ran, and ends with all of them on one release', async () => {
    const fleet = await open({ web: C, worker: B, jobs: C });
    const { execution } = await roll(fleet);
    expect(execution).toMatchObject({
      outcome: 'done',
      plan: { from: C.tag, from_parts: { web: C.tag, worker: B.tag, jobs: C.tag } },
    });
    expect(await runningOn(fleet)).toEqual({ web: B.tag, worker: B.tag, jobs: B.tag });
    expect(part(fleet, 'worker').effects).toEqual([]);
    expect(await heldOf(fleet)).toEqual([C.tag]);
  });

  it('never holds the release that is gone to', async () => {
    const fleet = await open({ web: B, worker: A });
    await fleet.ports.releases.mark(SCOPE, C.tag, 'bad');
    await fleet.ports.releases.record(SCOPE, { ...B, at: new Date().toISOString() });
    const { plan } = await fleet.clock.run(prepareRollback(fleet.ports, 'application', A.tag));
    expect([plan.from, plan.to]).toEqual([B.tag, A.tag]);
    await expect(
      fleet.clock.run(prepareRollback(fleet.ports, 'application', B.tag)),
    ).rejects.toMatchObject({ code: 'E_FORWARD' });
  });

  it('where all that answer are back already, is no reason to go one release further back', async () => {
    const fleet = await open({ web: C, worker: C });
    await roll(fleet);
    for (const name of ['worker', 'web']) {
      part(fleet, name).problem = 'no answer';
      await expect(roll(fleet)).rejects.toMatchObject({ code: 'E_ALREADY_ROLLED_BACK' });
    }
    expect(await heldOf(fleet)).toEqual([C.tag]);
  });
});

/** Three targets one after the other; the middle one fails as long as it is told to. */
async function failedHalfWay(): Promise<Fleet> {
  const fleet = await open({ web: C, worker: C, jobs: C });
  part(fleet, 'worker').beforeChange = () => Promise.reject(new Error('no space left'));
  expect((await roll(fleet)).execution.outcome).toBe('failed');
  expect(await runningOn(fleet)).toEqual({ web: B.tag, worker: C.tag, jobs: C.tag });
  return fleet;
}

const BACK = { web: B.tag, worker: B.tag, jobs: B.tag };

describe('a rollback that came half-way', () => {
  it('is what the assessment says to go on with', async () => {
    const fleet = await failedHalfWay();
    const { recommended, lastMove } = await fleet.clock.run(assess(fleet.ports));
    expect(lastMove).toMatchObject({ to: B.tag, state: 'failed', isReturn: false });
    expect(recommended).toMatchObject({
      level: 'application',
      command: `backout incident resume ${lastMove?.incident ?? '?'}`,
    });
  });

  it.each(['resume', 'the same again', 'the same by name'])(
    'goes forward to the same release by %s',
    async (how) => {
      const fleet = await failedHalfWay();
      part(fleet, 'worker').beforeChange = () => Promise.resolve();
      const { execution } =
        how === 'resume'
          ? await fleet.clock.run(resumeRollback(fleet.ports, undefined, 'lee'))
          : how === 'the same again'
            ? await roll(fleet)
            : await rollTo(fleet, B.tag);
      expect(execution.outcome).toBe('done');
      expect(await runningOn(fleet)).toEqual(BACK);
      expect(part(fleet, 'web').effects).toEqual([B]);
      expect(await heldOf(fleet)).toEqual([C.tag]);
    },
  );

  it('whose release is live, and whose bad one is not held, is finished and not left so', async () => {
    const site = await openSite();
    site.target.beforeChange = async () => {
      site.target.problem = 'no answer';
    };
    expect((await roll(site)).execution.outcome).toBe('unknown');
    site.target.problem = undefined;
    await expect(rollTo(site, B.tag)).rejects.toMatchObject({
      code: 'E_UNFINISHED',
      remedy: expect.stringMatching(/incident resume \S+`\. Going further back[^`]*$/) as string,
    });
    expect(
      (await site.clock.run(resumeRollback(site.ports, undefined, 'lee'))).execution.outcome,
    ).toBe('done');
    expect(await heldOf(site)).toEqual([C.tag]);
  });

  it('does not silently go elsewhere when its release cannot be chosen any more', async () => {
    const fleet = await failedHalfWay();
    await fleet.ports.releases.mark(SCOPE, B.tag, 'bad');
    await expect(roll(fleet)).rejects.toMatchObject({
      code: 'E_UNFINISHED',
      message: expect.stringContaining('is only partly done') as string,
      remedy: expect.stringContaining('backout rollback application --to v1.0.0') as string,
    });
    part(fleet, 'worker').beforeChange = () => Promise.resolve();
    expect((await rollTo(fleet, A.tag)).execution.outcome).toBe('done');
    expect(await runningOn(fleet)).toEqual({ web: A.tag, worker: A.tag, jobs: A.tag });
  });
});

describe('a target whose answer cannot be read', () => {
  it('is deployed, and never called done', async () => {
    const fleet = await open({ web: C, worker: C, jobs: { unread: C } });
    const { execution } = await roll(fleet);
    expect(execution.outcome).toBe('unknown');
    expect(part(fleet, 'jobs').effects).toEqual([B]);
    expect(await runningOn(fleet)).toEqual({ ...BACK, jobs: 'no answer' });
    // Somebody repaired what tells it.
    part(fleet, 'jobs').problem = undefined;
    const again = await fleet.clock.run(resumeRollback(fleet.ports, undefined, 'lee'));
    expect(again.execution.outcome).toBe('done');
    expect(await heldOf(fleet)).toEqual([C.tag]);
  });

  it('that stays so leads to the same release by name, and on to another one', async () => {
    const site = await openSite();
    site.target.beforeChange = async () => {
      site.target.problem = 'no answer';
    };
    expect((await roll(site)).execution.outcome).toBe('unknown');
    site.target.beforeChange = () => Promise.resolve();

    const resumed = site.clock.run(resumeRollback(site.ports, undefined, 'lee'));
    await expect(resumed).rejects.toMatchObject({
      code: 'E_LIVE_UNKNOWN',
      remedy: expect.stringContaining(`backout rollback application --to ${B.tag}`) as string,
    });
    await expect(roll(site)).rejects.toMatchObject({
      code: 'E_UNFINISHED',
      remedy: expect.stringContaining(`--to ${B.tag}`) as string,
    });
    const again = await rollTo(site, B.tag);
    // What the first one left is known from it: it is this one's to hold, once it is proven.
    expect(again.execution).toMatchObject({ outcome: 'unknown', plan: { from: C.tag, to: B.tag } });
    const further = await rollTo(site, A.tag);
    expect(further.execution.outcome).toBe('unknown');
    expect(site.target.effects).toEqual([B, A]);

    site.target.problem = undefined;
    const finished = await site.clock.run(resumeRollback(site.ports, undefined, 'lee'));
    expect(finished.execution).toMatchObject({ outcome: 'done', plan: { to: A.tag } });
  });
});
