import { describe, expect, it } from 'vitest';
import { memoryDeployments } from '../../src/adapters/memory/deployments.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { guardPorts, type GuardPorts } from '../../src/operations/guard-ports.ts';
import { newMemory } from '../../src/operations/guard-situation.ts';
import { openIncident } from '../../src/operations/incidents.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import type { TargetReader } from '../../src/ports/target.ts';
import { A, B, C, SCOPE, type Site } from '../support/memory-ports.ts';
import { codesOf } from './complaint-support.ts';
import { deployByHand, linesOf, look, MINUTE, openRolledBack } from './guard-support.ts';

/** The same targets, one of which knows what happened to it. */
function knowing(site: Site, lastChange: TargetReader['lastChange']): Partial<GuardPorts> {
  const targets = guardPorts(site.ports).targets.map((target) => ({
    ...target,
    ...(lastChange === undefined ? {} : { lastChange }),
  }));
  return { targets };
}

describe('who brought it back', () => {
  it('is what the target says', async () => {
    const { site, incident } = await openRolledBack();
    await deployByHand(site, C);
    const change = { by: 'chef-client', how: 'converge', at: '2025-01-12T04:00:00.000Z' };
    const { back } = await look(
      site,
      newMemory(),
      knowing(site, () => Promise.resolve(change)),
    );
    const line = 'web itself: converge by chef-client at 2025-01-12T04:00:00.000Z.';
    expect(back[0]?.account).toEqual({ named: true, lines: [line] });
    expect(linesOf(site)).toContain(line);
    expect((await site.entries(incident)).map(({ text }) => text)).toContain(
      `Who brought it back: ${line}`,
    );
  });

  it('is who recorded the deployment', async () => {
    const { site } = await openRolledBack();
    await deployByHand(site, C);
    const at = new Date(site.clock.now() + 1).toISOString();
    await site.ports.releases.record(SCOPE, { ...C, at, details: { actor: 'ci-bot' } });
    await look(site);
    expect(linesOf(site)).toContain(`The record: recorded as deployed by ci-bot at ${at}.`);
  });

  it('is Backout itself, when a rollback of another incident did it', async () => {
    const { site } = await openRolledBack();
    await site.ports.releases.hold(SCOPE, B.tag, {
      reason: 'it is worse',
      by: 'eve',
      at: new Date(site.clock.now()).toISOString(),
    });
    const prepared = await site.clock.run(prepareRollback(site.ports, 'application', A.tag));
    await openIncident(site.ports, 'incident2', { actor: 'eve', reason: 'worse', rule: 'manual' });
    const request = { actor: 'eve', reason: 'it is worse', rule: 'manual', incident: 'incident2' };
    await site.clock.run(rollBack(site.ports, prepared, request));
    await site.ports.releases.hold(SCOPE, A.tag, {
      reason: 'too old',
      by: 'eve',
      at: '2025-01-12T02:00:00.000Z',
    });
    await look(site);
    expect(linesOf(site)).toMatch(/The journal: a rollback of incident incident2 by eve at 2025-/);
  });

  it('is who began the deployment, of those that brought this release since it was held', async () => {
    const { site } = await openRolledBack();
    await deployByHand(site, C);
    const at = (minutes: number) => new Date(site.clock.now() + minutes * MINUTE).toISOString();
    const one = (id: string, minutes: number, more: Partial<Deployment>): Deployment => ({
      id,
      ref: 'main',
      commit: C.commit,
      state: 'succeeded',
      by: id,
      createdAt: at(minutes),
      url: undefined,
      ...more,
    });
    const deployments = memoryDeployments([
      one('before-the-hold', -60, { ref: C.tag }),
      one('of-another', 0.1, { ref: A.tag, commit: A.commit }),
      one('still-waits', 0.2, { state: 'waiting' }),
      one('renovate', 0.3, { ref: C.tag, url: 'https://ci.example/runs/7' }),
    ]);
    const { back } = await look(site, newMemory(), guardPorts({ ...site.ports, deployments }));
    const line = `memory: deployment of ${C.tag} (succeeded) https://ci.example/runs/7 by renovate at ${at(-0.7)}.`;
    expect(back[0]?.account).toEqual({ named: true, lines: [line] });
  });

  it('is said to be unknown, with when it was seen otherwise', async () => {
    const { site } = await openRolledBack();
    const memory = newMemory();
    const { at } = await look(site, memory);
    await deployByHand(site, C);
    await look(site, memory);
    expect(linesOf(site)).toContain(
      `Who did it is not known, some time after ${at}, when v1.1.0 ran there.`,
    );
  });

  it('is written down later, when a source is late, and asked for half an hour only', async () => {
    const { site, incident } = await openRolledBack();
    await deployByHand(site, C);
    let asked = 0;
    const known: { by: string }[] = [];
    const late = {
      name: 'CloudTrail',
      changes: () => {
        asked += 1;
        return Promise.resolve(known);
      },
    };
    const more = { history: [late] };
    await look(site, newMemory(), more);
    await site.clock.advance(10 * MINUTE);
    known.push({ by: 'arn:aws:sts::1:assumed-role/deploy/ci' });
    await look(site, newMemory(), more);
    const texts = (await site.entries(incident)).map(({ text }) => text);
    expect(texts).toContain(
      `Who brought it back: CloudTrail: changed by arn:aws:sts::1:assumed-role/deploy/ci.`,
    );
    const before = asked;
    await look(site, newMemory(), more);
    expect(asked).toBe(before);
    expect(codesOf(site)).toEqual(['held-release-back']);
  });

  it('does not wait for a source that hangs or fails', async () => {
    const { site } = await openRolledBack();
    await deployByHand(site, C);
    const hangs = { name: 'GitHub', changes: () => new Promise<never>(() => undefined) };
    const fails = knowing(site, () => Promise.reject(new Error('no permission')));
    await look(site, newMemory(), { ...fails, history: [hangs] });
    expect(linesOf(site)).toContain('web itself could not be asked: no permission');
    expect(linesOf(site)).toContain('GitHub could not be asked: E_TIMEOUT');
  });
});
