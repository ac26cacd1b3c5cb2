/** A rollback that did not help is undone: what it left goes live again. */

import { describe, expect, it } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import { effectiveFlags } from '../../src/model/flags.ts';
import { assess } from '../../src/operations/assess.ts';
import { gateDeployment } from '../../src/operations/gate-deployment.ts';
import { resumeRollback } from '../../src/operations/resume.ts';
import { A, B, C, openSite, SCOPE, type Site, watched, worldOf } from '../support/memory-ports.ts';
import { heldOf, openFleet, part, runningOn } from './fleet-support.ts';
import { goBack, liveIs, RETURNED, rolledBackInVain, runs, WHY } from './return-support.ts';
import { ROLLED_BACK, roll } from './roll-back-support.ts';

describe('a return', () => {
  it('brings back what the rollback left, ends its hold, and leaves off what is off', async () => {
    const site = await rolledBackInVain();
    expect(await worldOf(site)).toEqual(ROLLED_BACK);
    const result = await goBack(site);
    expect(result).toMatchObject({
      execution: { outcome: 'done', plan: { from: B.tag, to: C.tag } },
      stages: [{ verdict: 'passed' }, { verdict: 'passed' }, { verdict: 'passed' }],
      problems: [],
    });
    expect(await worldOf(site)).toEqual(RETURNED);
    const releases = await site.ports.releases.list(SCOPE);
    expect(Object.fromEntries(releases.map(({ tag, status }) => [tag, status]))).toEqual({
      [A.tag]: 'good',
      [B.tag]: 'good',
      // It has to prove itself anew.
      [C.tag]: 'deployed',
    });
  });

  it('asks flags and breakers for nothing but what is off', async () => {
    const site = await rolledBackInVain();
    const calls: string[] = [];
    const flags = watched('flags', site.ports.flags, calls);
    const breakers = watched('breakers', site.ports.breakers, calls);
    await goBack(site, { flags, breakers });
    expect(calls).not.toEqual([]);
    expect(calls.filter((call) => !/\.(read|instances)$/.test(call))).toEqual([]);
  });

  it('is written down with who ended which hold, and why', async () => {
    const site = await rolledBackInVain();
    const { incident } = await goBack(site);
    const entries = await site.entries(incident);
    expect(
      entries.find(({ kind, data }) => kind === 'decision' && data['reason'] === WHY.reason),
    ).toMatchObject({ actor: 'lee', text: `Decided on the return to ${C.tag}: ${WHY.reason}` });
    const ended = entries.find(
      ({ kind, data }) => kind === 'outcome' && data['step'] === 'end-hold',
    );
    expect(ended).toMatchObject({
      actor: 'lee',
      text: expect.stringContaining(
        `It was held by kim: error rate 21 %. Ended by lee: ${WHY.reason}.`,
      ) as string,
    });
    expect(site.postmortems.get(incident)).toContain('### Return v1.1.0 → v1.2.0');
  });

  it('is told as a return, on purpose, and not as a rollback', async () => {
    const site = await rolledBackInVain();
    const before = site.messenger.sent.length;
    await goBack(site);
    const told = site.messenger.sent.slice(before);
    expect(told[0]).toMatchObject({
      title: '🚨 RETURN IN PROGRESS: storefront production',
      lines: expect.arrayContaining([
        'Returning from v1.1.0 to v1.2.0, on purpose: the rollback did not help.',
      ]) as string[],
    });
    expect(told.at(-1)).toMatchObject({
      title: '✅ RETURN COMPLETE: storefront production',
      lines: expect.arrayContaining(['v1.2.0 is live and validated.']) as string[],
    });
    expect(told.map(({ title }) => title).filter((title) => /rollback/i.test(title))).toEqual([]);
  });

  it('ends the hold only when the release is proven live: where the deploy fails, it stays', async () => {
    const site = await rolledBackInVain();
    site.target.beforeChange = () => Promise.reject(new Error('no space left'));
    const { execution } = await goBack(site);
    expect(execution.outcome).toBe('failed');
    expect(await worldOf(site)).toEqual(ROLLED_BACK);
    expect(execution.steps.find(({ step }) => step.id === 'end-hold')?.result.outcome).toBe(
      'not-run',
    );
  });

  it('that does not pass its checks is live all the same, and the way back is named', async () => {
    const site = await rolledBackInVain();
    site.verdict = 'failed';
    const { execution, incident } = await goBack(site);
    expect(execution.outcome).toBe('failed');
    expect(await worldOf(site)).toEqual(RETURNED);
    expect(site.messenger.sent.at(-1)).toMatchObject({
      title: '❌ RETURN FAILED: storefront production',
      facts: { command: `backout rollback application --incident ${incident}` },
    });
  });

  it('that was interrupted is finished by resuming it, for the reason that it had', async () => {
    const site = await rolledBackInVain();
    const lost = { ...site.ports.releases, hold: () => Promise.reject(new Error('gone')) };
    const stopped = new AbortController();
    site.target.beforeChange = async () => stopped.abort();
    const first = await goBack(site, { releases: lost, interrupted: stopped.signal });
    expect(first.execution.outcome).not.toBe('done');
    expect(await heldOf(site)).toEqual([C.tag]);
    site.target.beforeChange = () => Promise.resolve();
    const again = await site.clock.run(resumeRollback(site.ports, undefined, 'maria'));
    expect(again.execution).toMatchObject({ id: first.execution.id, outcome: 'done' });
    expect(await worldOf(site)).toEqual(RETURNED);
    const ended = (await site.entries(again.incident)).findLast(
      ({ data }) => data['step'] === 'end-hold',
    );
    expect(ended?.text).toContain(`Ended by maria: ${WHY.reason}`);
  });

  it('that was interrupted is finished also when the tag of what it leaves is gone', async () => {
    const site = await rolledBackInVain();
    site.history.tags.splice(1, 1);
    const stopped = new AbortController();
    site.target.beforeChange = async () => stopped.abort();
    const first = await goBack(site, { interrupted: stopped.signal });
    expect(first.execution).toMatchObject({ plan: { from: B.tag, to: C.tag } });
    expect(first.execution.outcome).not.toBe('done');
    site.target.beforeChange = () => Promise.resolve();
    const again = await site.clock.run(resumeRollback(site.ports, undefined, 'maria'));
    expect(again.execution).toMatchObject({ id: first.execution.id, outcome: 'done' });
    expect(await worldOf(site)).toEqual(RETURNED);
  });

  it('undoes also what a rollback did only in part', async () => {
    const fleet = await openFleet({ web: { runs: C }, worker: { runs: C }, jobs: { runs: C } });
    part(fleet, 'worker').beforeChange = () => Promise.reject(new Error('no space left'));
    expect((await roll(fleet)).execution.outcome).toBe('failed');
    expect(await runningOn(fleet)).toEqual({ web: B.tag, worker: C.tag, jobs: C.tag });
    const { execution } = await goBack(fleet);
    expect(execution).toMatchObject({
      outcome: 'done',
      plan: { from_parts: { web: B.tag, worker: C.tag, jobs: C.tag }, to: C.tag },
    });
    expect(await runningOn(fleet)).toEqual({ web: C.tag, worker: C.tag, jobs: C.tag });
  });
});

interface Refusal {
  what: string;
  happens: (site: Site) => unknown;
  code: string;
  says: string;
}

const REFUSALS: Refusal[] = [
  {
    what: 'somebody deployed since',
    happens: (site) => runs(site, 'v1.3.0'),
    code: 'E_NOT_LIVE',
    says: 'v1.3.0 is live on web',
  },
  {
    what: 'somebody deployed another commit under the tag that the rollback brought',
    happens: (site) => runs(site, B.tag),
    code: 'E_NOT_LIVE',
    says: 'v1.1.0 (dddddddddd) is live on web, and not v1.1.0 (bbbbbbbbbb)',
  },
  {
    what: 'somebody deployed another commit under the tag that it would return to',
    happens: (site) => runs(site, C.tag),
    code: 'E_NOT_LIVE',
    says: 'v1.2.0 (dddddddddd) is live on web, and not v1.1.0',
  },
  {
    what: 'the target does not say what is live',
    happens: ({ target }) => Object.assign(target, { problem: 'no answer' }),
    code: 'E_LIVE_UNKNOWN',
    says: 'web does not say what is live (no answer)',
  },
  {
    what: 'it is live already, and still held',
    happens: (site) => Object.assign(site.target, { current: () => liveIs(C) }),
    code: 'E_STILL_HELD',
    says: 'v1.2.0 is live already, and v1.2.0 is still held',
  },
  {
    what: 'it is live already, and its commit is held under another tag',
    happens: async (site) => {
      Object.assign(site.target, { current: () => liveIs(C) });
      const at = new Date(site.clock.now()).toISOString();
      const { releases } = site.ports;
      await releases.hold(SCOPE, C.tag, undefined);
      await releases.record(SCOPE, { tag: 'v1.2.0-again', commit: C.commit, at });
      await releases.mark(SCOPE, 'v1.2.0-again', 'bad');
    },
    code: 'E_STILL_HELD',
    says: 'v1.2.0 is live already, and v1.2.0-again, the same commit, is still held',
  },
  {
    what: 'it is live already, and somebody ended its hold',
    happens: async (site) => {
      Object.assign(site.target, { current: () => liveIs(C) });
      await site.ports.releases.hold(SCOPE, C.tag, undefined);
    },
    code: 'E_ALREADY_LIVE',
    says: 'v1.2.0 is live already',
  },
  {
    what: 'its tag was moved',
    happens: ({ history }) => {
      const tag = history.tags.find(({ name }) => name === C.tag);
      if (tag !== undefined) Object.assign(tag, { commit: A.commit });
    },
    code: 'E_TAG_MOVED',
    says: 'v1.2.0 was moved',
  },
  {
    what: 'its tag is gone',
    happens: ({ history }) => history.tags.pop(),
    code: 'E_TAG_NOT_FOUND',
    says: 'v1.2.0',
  },
  {
    what: 'its artefact is gone',
    happens: ({ target }) => target.publish({ tag: C.tag, commit: 'e'.repeat(40) }),
    code: 'E_ARTEFACT_MISSING',
    says: 'web has it no more',
  },
  {
    what: 'its artefact is another one than was recorded',
    happens: ({ target }) => Object.assign(target, { preflight: () => Promise.reject(MISMATCH) }),
    code: 'E_ARTEFACT_MISMATCH',
    says: 'web and its record disagree',
  },
];

const MISMATCH = new BackoutError({
  code: 'E_ARTEFACT_MISMATCH',
  kind: 'refused',
  message: 'v1.2.0 was recorded as sha256:cc on web, and that does not fit: it has sha256:ff.',
  remedy: 'Choose another release.',
});

describe('a return is refused', () => {
  it.each(REFUSALS)('when $what, and nothing is changed', async ({ happens, code, says }) => {
    const site = await rolledBackInVain();
    await happens(site);
    const held = await heldOf(site);
    const changes = site.target.effects.length;
    await expect(goBack(site)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says) as string,
    });
    expect(await heldOf(site)).toEqual(held);
    expect(site.target.effects).toHaveLength(changes);
  });

  it('where nothing was ever rolled back', async () => {
    await expect(goBack(await openSite())).rejects.toMatchObject({ code: 'E_NOTHING_TO_UNDO' });
  });

  it('where the rollback ended before it touched anything', async () => {
    const site = await openSite();
    site.target.publish({ tag: B.tag, commit: 'e'.repeat(40) });
    await site.ports.releases.mark(SCOPE, A.tag, 'deployed');
    // Chosen by records alone, then found missing by the step that proves it.
    const ports = { ...site.ports, targets: [{ ...site.target, preflight: refuseLater() }] };
    expect((await roll(site, ports)).execution.outcome).toBe('failed');
    await expect(goBack(site)).rejects.toMatchObject({ code: 'E_NOTHING_TO_UNDO' });
  });

  it('where what was live before was not known', async () => {
    const site = await openSite();
    site.target.problem = 'no answer';
    await roll(site);
    site.target.problem = undefined;
    await expect(goBack(site)).rejects.toMatchObject({
      code: 'E_NOTHING_TO_UNDO',
      message: expect.stringContaining('was not known') as string,
    });
  });

  it('where the targets ran different releases before', async () => {
    const fleet = await openFleet({ web: { runs: C }, worker: { runs: A }, jobs: { runs: C } });
    expect((await roll(fleet)).execution.outcome).toBe('done');
    await expect(goBack(fleet)).rejects.toMatchObject({
      code: 'E_NOTHING_TO_UNDO',
      message: expect.stringContaining('web ran v1.2.0, worker ran v1.0.0') as string,
    });
  });

  it('a second time: undoing the undoing is a rollback', async () => {
    const site = await rolledBackInVain();
    await goBack(site);
    await expect(goBack(site)).rejects.toMatchObject({
      code: 'E_NOTHING_TO_UNDO',
      message: expect.stringContaining('undone already, by the return to v1.2.0') as string,
    });
  });
});

/** Says yes to whoever only looks, and no to the step. */
function refuseLater(): () => Promise<void> {
  let asked = 0;
  return () => {
    asked += 1;
    return asked <= 2 ? Promise.resolve() : Promise.reject(new Error('it is gone'));
  };
}

describe('after a return', () => {
  it('the assessment says that it was on purpose, and recommends no rollback', async () => {
    const site = await rolledBackInVain();
    await goBack(site);
    const { recommended, live, knownGood } = await site.clock.run(assess(site.ports));
    expect(live).toBe(C.tag);
    expect(knownGood.release?.tag).toBe(B.tag);
    expect(recommended).toMatchObject({
      level: undefined,
      why: expect.stringContaining('brought back on purpose') as string,
    });
  });

  it.each(['deployed', 'good'] as const)(
    'a rollback works again, goes to the last known good, and holds again, with the release %s',
    async (status) => {
      const site = await rolledBackInVain();
      await goBack(site);
      await site.ports.releases.mark(SCOPE, C.tag, status);
      const { execution } = await roll(site);
      expect(execution).toMatchObject({ outcome: 'done', plan: { from: C.tag, to: B.tag } });
      expect(await worldOf(site)).toEqual({ ...ROLLED_BACK, deploys: 3 });
    },
  );

  it('pipelines may deploy the release again, and may not while it was held', async () => {
    const site = await rolledBackInVain();
    const gate = (tag: string) => site.clock.run(gateDeployment(site.ports, tag));
    await expect(gate(C.tag)).rejects.toMatchObject({ code: 'E_TAG_BAD' });
    await goBack(site);
    await expect(gate(C.tag)).resolves.toBeUndefined();
    await expect(gate(B.tag)).resolves.toBeUndefined();
    await roll(site);
    await expect(gate(C.tag)).rejects.toMatchObject({ code: 'E_TAG_BAD' });
  });

  it('the flags are off as they were, until a named person lifts that', async () => {
    const site = await rolledBackInVain();
    const before = effectiveFlags(await site.ports.flags.read());
    await goBack(site);
    expect(effectiveFlags(await site.ports.flags.read())).toEqual(before);
    expect(before.every(({ heldBy }) => heldBy.length === 1)).toBe(true);
  });
});
