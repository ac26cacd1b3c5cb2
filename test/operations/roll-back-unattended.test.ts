/** A rollback that no person asks for: what it does, and what it leaves to people. */
import { describe, expect, test } from 'vitest';
import type { HandOverRequest } from '../../src/model/hand-over.ts';
import { openIncident } from '../../src/operations/incidents.ts';
import { orderClock } from '../../src/operations/incident-clock/make-clock-work.ts';
import { requestRollback } from '../../src/operations/request-rollback.ts';
import { rollBackUnattended } from '../../src/operations/roll-back-unattended.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { failureOf } from '../support/failure.ts';
import { A, B, C, openSite, SCOPE, type Site, worldOf } from '../support/memory-ports.ts';
import { ROLLED_BACK, UNTOUCHED } from './roll-back-support.ts';

const INCIDENT = '20250112-0300-alarm';
const ASKED: HandOverRequest = {
  ...SCOPE,
  incident: INCIDENT,
  to: B.tag,
  rule: 'critical-errors',
  reason: 'error rate 21 %',
  actor: 'on-alarm',
};

async function opened(): Promise<Site> {
  const site = await openSite();
  const { actor, reason, rule } = ASKED;
  await openIncident(site.ports, INCIDENT, { actor, reason, rule });
  return site;
}

const run = (
  site: Site,
  more: Partial<HandOverRequest> = {},
  ports: Partial<OperationPorts> = {},
) => rollBackUnattended({ ...site.ports, ...ports }, { ...ASKED, ...more }, 'unless_green');

/** As the Action asks for it, from a run that begins late. */
const lateRun = (site: Site) =>
  requestRollback(
    { ...site.ports, settings: { ...site.ports.settings, holder: 'a workflow run' } },
    {
      level: 'application',
      forward: false,
      to: B.tag,
      accepted: [],
      incident: INCIDENT,
      actor: 'github',
      reason: ASKED.reason,
      reasonIsDefault: false,
      policy: 'unless_green',
      dryRun: false,
    },
    () => undefined,
  );

describe('A rollback without a person', () => {
  test('brings the release that was asked for, in the incident that it was asked for in', async () => {
    const site = await opened();
    const answer = await site.clock.run(run(site));
    expect(answer).toEqual({ incident: INCIDENT, to: B.tag, outcome: 'done' });
    expect(await worldOf(site)).toEqual(ROLLED_BACK);
  });

  test('asked for a second time finds it done', async () => {
    const site = await opened();
    await site.clock.run(run(site));
    expect(await site.clock.run(run(site))).toMatchObject({
      outcome: 'already-done',
      code: 'E_ALREADY_LIVE',
    });
    expect(site.target.effects).toEqual([B]);
  });

  test('leaves a workflow run that begins late with nothing to do', async () => {
    const site = await opened();
    await site.clock.run(run(site));
    expect(await failureOf(site.clock.run(lateRun(site)))).toMatchObject({
      code: 'E_ALREADY_LIVE',
      kind: 'refused',
    });
    expect(site.target.effects).toEqual([B]);
  });

  test('and a workflow run at the same time never both change something', async () => {
    const site = await opened();
    const outcomes = await site.clock.run(
      Promise.allSettled([run(site), lateRun(site)]).then((all) =>
        all.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as unknown))),
      ),
    );
    expect(site.target.effects).toEqual([B]);
    const held = outcomes.filter((one) => JSON.stringify(one).includes('E_LEASE_HELD'));
    expect(held).toHaveLength(1);
  });

  test.each([
    ['a release that is not the last known good', { to: A.tag }, 'E_PLAN_CHANGED'],
    ['a release that is live', { to: C.tag }, 'E_ALREADY_LIVE'],
  ])('changes nothing for %s', async (_what, more, code) => {
    const site = await opened();
    expect(await site.clock.run(run(site, more))).toMatchObject({ code });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });

  test('stops where a person paused automation', async () => {
    const site = await opened();
    await orderClock(site.ports, INCIDENT, {
      order: 'pause',
      actor: 'kim',
      reason: 'I am looking.',
    });
    expect(await site.clock.run(run(site))).toMatchObject({ outcome: 'refused', code: 'E_PAUSED' });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });

  test('stops where nobody can read whether automation is paused', async () => {
    const site = await opened();
    const journal = { ...site.ports.journal, read: () => Promise.reject(new Error('down')) };
    expect(await site.clock.run(run(site, {}, { journal }))).toMatchObject({ code: 'E_PAUSED' });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });

  test('stops where the environment always asks for a second person', async () => {
    const site = await opened();
    const answer = await site.clock.run(rollBackUnattended(site.ports, ASKED, 'always'));
    expect(answer).toMatchObject({ outcome: 'refused', code: 'E_APPROVAL' });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });
});
