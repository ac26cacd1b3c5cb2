import { describe, expect, it } from 'vitest';
import type { ExecutionOutcome } from '../../src/model/execution.ts';
import { verifyChain } from '../../src/model/journal.ts';
import type { OperationPorts, RollbackResult } from '../../src/operations/operation-ports.ts';
import { resumeRollback } from '../../src/operations/resume.ts';
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

/** After a rollback from C to B that went as it should. */
const ROLLED_BACK = {
  live: B.tag,
  deploys: 1,
  overrides: ['safe'],
  open: ['stripe', 'mailer'],
  held: [C.tag],
};
const UNTOUCHED = { live: C.tag, deploys: 0, overrides: [], open: [], held: [] };

async function roll(site: Site, more: Partial<OperationPorts> = {}): Promise<RollbackResult> {
  const ports = { ...site.ports, ...more };
  const work = async () =>
    await rollBack(ports, await prepareRollback(ports, 'application', undefined), REQUEST);
  return await site.clock.run(work());
}

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
    expect(await site.ports.leases.inspect([`${SCOPE.service}/${SCOPE.environment}/target:web`])).toEqual([]);
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
          read: () => (late() ? Promise.reject(unreachable()) : flags.read()),
        };
      },
    ],
  ])('whose bake was good so far and was not measured to its end is unknown: %s', async (_, breaking) => {
    const site = await openSite();
    breaking(site);
    const { execution, stages } = await roll(site);
    expect(execution.outcome).toBe('unknown');
    expect(stages.map(({ stage }) => stage)).toEqual(['now', 't+2']);
    expect(codes(site).at(-1)).toBe('rollback-unknown');
  });

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

  it('checks the artefact before it touches a target', async () => {
    const site = await openSite();
    site.target.publish({ tag: B.tag, commit: 'f'.repeat(40) });
    const { execution } = await roll(site);
    expect(execution.outcome).toBe('failed');
    expect(execution.problems.join()).toContain('E_ARTEFACT_MISSING');
    expect(await worldOf(site)).toMatchObject({ live: C.tag, deploys: 0, held: [] });
  });
});

describe('a rollback that is refused', () => {
  it('because somebody else is at it changes nothing, and names them', async () => {
    const site = await openSite();
    await site.ports.leases.acquire({
      resources: ['storefront/production/target:web'],
      holder: 'lee@tower (pid 2)',
      incident: 'incident7',
      ttlMs: 30_000,
    });
    await expect(roll(site)).rejects.toMatchObject({
      code: 'E_LEASE_HELD',
      message: expect.stringMatching(/lee@tower.*incident7/) as string,
    });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
    expect(await site.ports.journal.incidents(SCOPE)).toEqual([]);
  });

  it.each<[string, (site: Site) => Promise<void> | void, string]>([
    [
      'another release went live',
      ({ target }) => {
        const { current } = target;
        Object.assign(target, {
          current: (signal: AbortSignal) =>
            current(signal).then((live) => ({ ...live, tag: 'v1.1.9', commit: 'd'.repeat(40) })),
        });
      },
      'E_PLAN_CHANGED',
    ],
    [
      'the wanted release was held',
      ({ ports }) =>
        ports.releases.hold(SCOPE, B.tag, { reason: 'broken too', by: 'lee', at: '2025-01-12T03:00:00.000Z' }),
      'E_TAG_BAD',
    ],
    [
      'the wanted tag was moved',
      ({ history }) => {
        history.tags = history.tags.map((tag) => (tag.name === B.tag ? { ...tag, commit: A.commit } : tag));
        Object.assign(historyOf, { tags: history.tags });
      },
      'E_TAG_MOVED',
    ],
  ])('because, after it was planned, %s', async (_, happens, code) => {
    const site = await openSite();
    const { ports, clock } = site;
    const prepared = await clock.run(prepareRollback(ports, 'application', undefined));
    await happens(site);
    await expect(clock.run(rollBack(ports, prepared, REQUEST))).rejects.toMatchObject({
      code,
      kind: 'refused',
    });
    expect(await worldOf(site)).toMatchObject({ deploys: 0, overrides: [], held: expect.not.arrayContaining([C.tag]) });
    expect(await ports.journal.incidents(SCOPE)).toEqual([]);
    expect(await ports.leases.inspect(prepared.plan.resources)).toEqual([]);
  });

  it('because the journal is down changes nothing', async () => {
    const site = await openSite();
    await expect(roll(site, { journal: down(site.ports.journal) })).rejects.toMatchObject({
      code: 'E_DOWN',
    });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });

  it('because the journal only has it on this machine deploys nothing', async () => {
    const site = await openSite();
    const { journal } = site.ports;
    const spooling = {
      ...journal,
      append: async (entry: Parameters<typeof journal.append>[0]) => {
        await journal.append(entry);
        return { stored: 'spool' as const, key: entry.key };
      },
    };
    const { execution } = await roll(site, { journal: spooling });
    expect(execution.outcome).not.toBe('done');
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });

  it('because the level is not built says what to do instead', async () => {
    const { ports, clock } = await openSite();
    await expect(clock.run(prepareRollback(ports, 'database', undefined))).rejects.toMatchObject({
      code: 'E_NOT_AVAILABLE',
      remedy: expect.stringContaining('backout emergency') as string,
    });
  });
});

describe('a rollback that was interrupted', () => {
  /** Dies, as far as the world can see, right before the n-th change of the target or its record. */
  async function interrupt(site: Site, at: 'deploy' | 'hold'): Promise<void> {
    const { ports } = site;
    const dead = new Promise<never>(() => undefined);
    let die = (_: 'died'): void => undefined;
    const death = new Promise<'died'>((resolve) => {
      die = resolve;
    });
    const dying = {
      ...ports,
      targets: [
        {
          ...site.target,
          apply: (...given: Parameters<typeof site.target.apply>) => {
            if (at !== 'deploy') return site.target.apply(...given);
            die('died');
            return dead;
          },
        },
      ],
      releases: {
        ...ports.releases,
        hold: (...given: Parameters<typeof ports.releases.hold>) => {
          if (at !== 'hold') return ports.releases.hold(...given);
          die('died');
          return dead;
        },
      },
    };
    const prepared = await site.clock.run(prepareRollback(ports, 'application', undefined));
    const running = rollBack(dying, prepared, REQUEST);
    running.catch(() => undefined);
    expect(await site.clock.run(Promise.race([running, death]))).toBe('died');
  }

  it.each(['deploy', 'hold'] as const)('at the %s is finished by another, once its lease ran out', async (at) => {
    const site = await openSite();
    await interrupt(site, at);
    const ports = { ...site.ports, settings: { ...site.ports.settings, holder: 'lee (pid 2)' } };
    const result = await site.clock.run(resumeRollback(ports, undefined, 'lee'));
    expect(result.execution.outcome).toBe('done');
    expect(await worldOf(site)).toEqual(ROLLED_BACK);
    // What the first one told is not told again.
    const keys = site.messenger.sent.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    const intents = (await site.entries(result.incident)).filter(({ kind }) => kind === 'intent');
    expect(new Set(intents.map(({ key }) => key)).size).toBe(intents.length);
  });

  it('has nothing to resume where nothing was started', async () => {
    const { ports, clock } = await openSite();
    await expect(clock.run(resumeRollback(ports, undefined, 'lee'))).rejects.toMatchObject({
      code: 'E_NO_INCIDENT',
    });
  });

  it('and ended well is answered with its result, and nothing is done again', async () => {
    const site = await openSite();
    const first = await roll(site);
    const before = await worldOf(site);
    const sent = site.messenger.sent.length;
    const again = await site.clock.run(resumeRollback(site.ports, first.incident, 'lee'));
    expect(again.execution).toMatchObject({ id: first.execution.id, outcome: 'done' });
    expect(again.execution.within_budget_ms).toBe(first.execution.within_budget_ms);
    expect(await worldOf(site)).toEqual(before);
    expect(site.messenger.sent).toHaveLength(sent);
  });
});
