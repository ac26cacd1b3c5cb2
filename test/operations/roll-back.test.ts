import { describe, expect, it } from 'vitest';
import type { ExecutionOutcome } from '../../src/model/execution.ts';
import { verifyChain } from '../../src/model/journal.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import {
  A,
  B,
  C,
  down,
  hanging,
  openSite,
  REQUEST,
  SCOPE,
  type Site,
  unreachable,
  worldOf,
} from '../support/memory-ports.ts';
import { roll, ROLLED_BACK } from './roll-back-support.ts';

const codes = (site: Site): string[] => site.messenger.sent.map(({ code }) => code);

describe('a rollback of the application', () => {
  it('makes safe, goes to the last known good release, holds the bad one, and validates', async () => {
    const site = await openSite();
    const began = site.clock.now();
    const result = await roll(site);
    expect(result.execution.outcome).toBe('done');
    expect(result.problems).toEqual([]);
    expect(await worldOf(site)).toEqual(ROLLED_BACK);
    expect(site.target.effects).toEqual([B]);
    expect(result.stages.map(({ stage, verdict }) => [stage, verdict])).toEqual([
      ['now', 'passed'],
      ['t+2', 'passed'],
      ['t+10', 'passed'],
    ]);
    // Watched for as long as it has to stay good.
    expect(site.clock.now() - began).toBeGreaterThanOrEqual(600_000);
    expect(
      await site.ports.leases.inspect([`${SCOPE.service}/${SCOPE.environment}/target:web`]),
    ).toEqual([]);
    expect(site.clock.sleeping()).toBe(0);
  });

  it('is told step by step, each message once, and ends with the draft of the postmortem', async () => {
    const site = await openSite();
    const { incident, postmortem, execution } = await roll(site);
    const told = codes(site);
    expect([told[0], told.at(-1)]).toEqual(['rollback-started', 'rollback-complete']);
    expect(told.filter((code) => code === 'progress')).toHaveLength(execution.plan.steps.length);
    expect(new Set(site.messenger.sent.map(({ key }) => key)).size).toBe(told.length);
    expect(site.messenger.sent.at(-1)?.lines[0]).toBe(
      'v1.1.0 is live and validated; v1.2.0 is held.',
    );
    expect(postmortem).toBe(`postmortems/${incident}.md`);
    expect(site.postmortems.get(incident)).toContain('Rollback v1.2.0 → v1.1.0');
    expect(verifyChain(await site.entries(incident))).toMatchObject({ intact: true });
  });

  it('has its head of the journal in the last message', async () => {
    const site = await openSite();
    const { incident } = await roll(site);
    const hashes = (await site.entries(incident)).map(({ hash }) => hash);
    const head = site.messenger.sent.at(-1)?.facts.chain_head;
    expect(hashes).toContain(head);
  });

  it.each<[string, (site: Site) => void, ExecutionOutcome, string, object]>([
    [
      'the platform says no',
      ({ target }) => {
        target.beforeChange = () => Promise.reject(unreachable(false));
      },
      'failed',
      'rollback-failed',
      { live: C.tag, deploys: 0, held: [] },
    ],
    [
      'the target does not say what is live afterwards',
      ({ target }) => {
        target.beforeChange = async () => {
          target.problem = 'no answer';
        };
      },
      'unknown',
      'rollback-unknown',
      { live: undefined, deploys: 1, held: [] },
    ],
    [
      'the checks still fail',
      (site) => {
        site.verdict = 'failed';
      },
      'failed',
      'rollback-failed',
      { live: B.tag, deploys: 1, held: [C.tag] },
    ],
    [
      'the checks cannot tell',
      (site) => {
        site.verdict = 'inconclusive';
      },
      'unknown',
      'rollback-unknown',
      { live: B.tag, deploys: 1, held: [C.tag] },
    ],
    [
      'the checks cannot run',
      (site) => {
        site.verdict = 'error';
      },
      'unknown',
      'rollback-unknown',
      { live: B.tag, deploys: 1, held: [C.tag] },
    ],
  ])('when %s is %3$s', async (_, breaking, outcome, code, world) => {
    const site = await openSite();
    breaking(site);
    const result = await roll(site);
    expect(result.execution.outcome).toBe(outcome);
    expect(codes(site).at(-1)).toBe(code);
    expect(await worldOf(site)).toMatchObject(world);
    // However it ended, the service is safe and there is a draft.
    expect(await worldOf(site)).toMatchObject({ overrides: ['safe'], open: ['stripe', 'mailer'] });
    expect(result.postmortem).toBeDefined();
  });

  it('says that the release is probably not the cause when going back did not help', async () => {
    const site = await openSite();
    site.verdict = 'failed';
    await roll(site);
    expect(site.messenger.sent.at(-1)?.lines.join()).toContain('v1.2.0 is probably not the cause');
  });

  it('is watched for longer when its bake lasts longer than its last stage', async () => {
    const site = await openSite();
    const began = site.clock.now();
    const bake = { durationMs: 1_800_000, everyMs: 60_000 };
    await roll(site, { facts: { ...site.ports.facts, bake } });
    expect(site.clock.now() - began).toBeGreaterThanOrEqual(1_800_000);
  });

  it('that gets worse while it is watched fails then, and not at the end', async () => {
    const site = await openSite();
    const began = site.clock.now();
    site.verdict = () => (site.clock.now() - began > 200_000 ? 'failed' : 'passed');
    const { stages, execution } = await roll(site);
    expect(execution.outcome).toBe('failed');
    expect(stages.map(({ stage, verdict }) => [stage, verdict])).toEqual([
      ['now', 'passed'],
      ['t+2', 'passed'],
      ['t+10', 'failed'],
    ]);
    expect(site.clock.now() - began).toBeLessThan(300_000);
  });

  it.each<[string, (site: Site) => void]>([
    [
      'the last check hangs',
      (site) => {
        const began = site.clock.now();
        const late = () => site.clock.now() - began >= 600_000;
        site.verdict = () => (late() ? new Promise(() => undefined) : 'passed');
      },
    ],
    [
      'the flags cannot be read at the last check',
      (site) => {
        const began = site.clock.now();
        const { flags } = site.ports;
        const late = () => site.clock.now() - began >= 600_000;
        site.ports.flags = {
          engage: (override) => flags.engage(override),
          overrides: () => flags.overrides(),
          read: () => (late() ? Promise.reject(unreachable()) : flags.read()),
        };
      },
    ],
  ])(
    'whose bake was good so far and was not measured to its end is unknown: %s',
    async (_, breaking) => {
      const site = await openSite();
      breaking(site);
      const { execution, stages } = await roll(site);
      expect(execution.outcome).toBe('unknown');
      expect(stages.map(({ stage }) => stage)).toEqual(['now', 't+2']);
      expect(codes(site).at(-1)).toBe('rollback-unknown');
    },
  );

  it.each<[string, (ports: OperationPorts) => Partial<OperationPorts>]>([
    ['flag store', ({ flags }) => ({ flags: down(flags, 'engage') })],
    ['breakers', ({ breakers }) => ({ breakers: down(breakers) })],
    ['instances', ({ breakers }) => ({ breakers: hanging(breakers, 'instances') })],
  ])('goes on without the %s: the result is partial', async (_, breaking) => {
    const site = await openSite();
    const result = await roll(site, breaking(site.ports));
    expect(result.execution.outcome).toBe('partial');
    expect(await worldOf(site)).toMatchObject({ live: B.tag, held: [C.tag] });
    expect(site.messenger.sent.at(-1)?.lines.join('\n')).toContain('Problem: ');
  });

  it('that cannot hold the bad release says so, and is partial', async () => {
    const site = await openSite();
    const { execution } = await roll(site, { releases: down(site.ports.releases, 'hold') });
    expect(execution.outcome).toBe('partial');
    expect(site.messenger.sent.at(-1)?.lines[0]).toContain('v1.2.0 is NOT held');
  });

  it.each<[string, (ports: OperationPorts) => Partial<OperationPorts>]>([
    ['cannot be written', ({ postmortems }) => ({ postmortems: down(postmortems) })],
    ['hangs', ({ postmortems }) => ({ postmortems: hanging(postmortems) })],
  ])('is done though its postmortem %s: that is a problem, not a failure', async (_, breaking) => {
    const site = await openSite();
    const result = await roll(site, breaking(site.ports));
    expect(result.execution.outcome).toBe('done');
    expect(result.postmortem).toBeUndefined();
    expect(result.problems.join()).toContain('postmortem draft was not written');
    expect(codes(site).at(-1)).toBe('rollback-complete');
  });

  it('is done though nobody could be told', async () => {
    const site = await openSite();
    const deaf = { channel: 'deaf', send: () => new Promise<never>(() => undefined) };
    const result = await roll(site, { messengers: [deaf] });
    expect(result.execution.outcome).toBe('done');
    expect(result.problems.join()).toContain('Message to deaf');
  });

  it('goes to the next good release when the artefact of the newest is gone', async () => {
    const site = await openSite();
    site.target.publish({ tag: B.tag, commit: 'f'.repeat(40) });
    const { execution } = await roll(site);
    expect(execution.outcome).toBe('done');
    expect(await worldOf(site)).toMatchObject({ live: A.tag, deploys: 1, held: [C.tag] });
  });

  it('is refused when the artefact goes away between the plan and the start', async () => {
    const site = await openSite();
    const prepared = await site.clock.run(prepareRollback(site.ports, 'application', undefined));
    site.target.publish({ tag: B.tag, commit: 'f'.repeat(40) });
    await expect(site.clock.run(rollBack(site.ports, prepared, REQUEST))).rejects.toMatchObject({
      code: 'E_ARTEFACT_MISSING',
      kind: 'refused',
    });
    expect(await worldOf(site)).toMatchObject({ live: C.tag, deploys: 0, held: [] });
  });

  it('checks the artefact once more before it touches a target', async () => {
    const site = await openSite();
    let asked = 0;
    const preflight = site.target.preflight.bind(site.target);
    site.target.preflight = (release) => {
      asked += 1;
      // Twice while it is planned and looked at again under the lease; then it goes away.
      if (asked > 2) site.target.publish({ tag: B.tag, commit: 'f'.repeat(40) });
      return preflight(release);
    };
    const { execution } = await roll(site);
    expect(execution.outcome).toBe('failed');
    expect(execution.problems.join()).toContain('E_ARTEFACT_MISSING');
    expect(await worldOf(site)).toMatchObject({ live: C.tag, deploys: 0, held: [] });
  });
});
