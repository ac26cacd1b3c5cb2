import { describe, expect, it } from 'vitest';
import { memoryMessenger } from '../../src/adapters/memory/messenger.ts';
import { effectiveFlags } from '../../src/model/flags.ts';
import { verifyChain } from '../../src/model/journal.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import type { OperationPorts, RollbackResult } from '../../src/operations/operation-ports.ts';
import { resumeRollback } from '../../src/operations/resume.ts';
import {
  BASE,
  down,
  hanging,
  openSite,
  REQUEST,
  SAFE,
  type Site,
  watched,
} from '../support/memory-ports.ts';

async function safe(
  site: Site,
  more: Partial<OperationPorts> = {},
  incident?: string,
): Promise<RollbackResult> {
  const request = { ...REQUEST, ...(incident === undefined ? {} : { incident }) };
  return await site.clock.run(makeSafe({ ...site.ports, ...more }, request));
}

async function flagsOf({ ports }: Site): Promise<Record<string, unknown>> {
  const flags = effectiveFlags(await ports.flags.read());
  return Object.fromEntries(flags.map(({ name, value }) => [name, value]));
}

describe('making safe', () => {
  it('puts the flags to their safe values, opens the breakers, proves it and says so', async () => {
    const site = await openSite();
    expect(await flagsOf(site)).toEqual(BASE);
    const { incident, execution, stillOff, problems } = await safe(site);
    expect(execution.outcome).toBe('done');
    expect(problems).toEqual([]);
    expect(await flagsOf(site)).toEqual(SAFE);
    expect(stillOff).toMatchObject({
      flags: ['digest=false', 'sales=false'],
      breakers: ['mailer (open)', 'stripe (open)'],
      incidents: [incident],
    });
    expect(incident).toMatch(/^20250112-0300-id\d{6}$/);
    expect(site.messenger.sent).toMatchObject([{ code: 'safe-state-on' }]);
    const entries = await site.entries(incident);
    expect(entries[0]).toMatchObject({ kind: 'incident-opened', actor: 'kim' });
    expect(verifyChain(entries)).toMatchObject({ intact: true });
    // No release moved.
    expect(site.target.effects).toEqual([]);
  });

  it('again joins the running incident, and only makes it later', async () => {
    const site = await openSite();
    const first = await safe(site);
    const before = await site.breakers.read();
    await site.clock.advance(60_000);
    const second = await safe(site);
    expect(second.incident).toBe(first.incident);
    expect(second.execution.outcome).toBe('done');
    expect((await site.breakers.read()).states).toEqual(before.states);
    // A lift that was decided before this call must not end what it was told it has.
    const { overrides } = await site.ports.flags.read();
    expect(overrides).toMatchObject([
      { incident: first.incident, since: '2025-01-12T03:01:00.000Z' },
    ]);
  });

  it('under another name is an incident of its own', async () => {
    const site = await openSite();
    await safe(site);
    const { incident } = await safe(site, {}, 'incident9');
    const { overrides } = await site.ports.flags.read();
    expect(incident).toBe('incident9');
    expect(overrides).toHaveLength(2);
  });

  it('begins a new incident when the last one was lifted', async () => {
    const site = await openSite();
    const first = await safe(site);
    await site.clock.advance(60_000);
    const since = new Date(site.clock.now()).toISOString();
    const lift = {
      mode: 'lifted',
      incident: first.incident,
      since,
      by: 'kim',
      reason: 'ok',
    } as const;
    await site.ports.editor.lift(lift);
    const second = await safe(site);
    expect(second.incident).not.toBe(first.incident);
    expect(await flagsOf(site)).toEqual(SAFE);
  });

  it('makes only the groups of its rule safe', async () => {
    const site = await openSite();
    await safe(site, { facts: { ...site.ports.facts, groups: ['mail'], providers: [] } });
    expect(await flagsOf(site)).toEqual({ ...BASE, digest: false });
  });

  it('without a fast path needs the flag store only', async () => {
    const site = await openSite();
    const facts = { ...site.ports.facts, fastPath: false };
    const { execution, stillOff, problems } = await safe(site, {
      facts,
      breakers: down(site.ports.breakers),
    });
    expect([execution.outcome, problems, stillOff.problems]).toEqual(['done', [], []]);
  });
});

describe('what making safe waits for', () => {
  it('before the flags are safe: one look at them, and the journal that it was given', async () => {
    const site = await openSite();
    const calls: string[] = [];
    const spy = <Port extends object>(name: string, port: Port): Port => watched(name, port, calls);
    const { ports } = site;
    await safe(site, {
      flags: spy('flags', ports.flags),
      journal: spy('journal', ports.journal),
      leases: spy('leases', ports.leases),
      releases: spy('releases', ports.releases),
      repository: spy('repository', ports.repository),
      breakers: spy('breakers', ports.breakers),
      targets: ports.targets.map((target) => spy('target', target)),
      messengers: ports.messengers.map((messenger) => spy('messenger', messenger)),
    });
    const before = calls.slice(0, calls.indexOf('flags.engage'));
    const first = ['flags.overrides', 'journal.append', 'breakers.trip'];
    expect(before.filter((call) => !first.includes(call))).toEqual([]);
    const never = [
      'leases',
      'releases',
      'repository',
      'target',
      'journal.read',
      'journal.incidents',
    ];
    expect(calls.filter((call) => never.some((name) => call.startsWith(name)))).toEqual([]);
  });

  it('is never anybody else: everything but the flags hangs, and they are safe in seconds', async () => {
    const site = await openSite();
    const { ports, clock } = site;
    const began = clock.now();
    let engagedAfter: number | undefined;
    const flags = {
      read: () => ports.flags.read(),
      overrides: () => ports.flags.overrides(),
      engage: async (override: Parameters<typeof ports.flags.engage>[0]) => {
        engagedAfter = clock.now() - began;
        return await ports.flags.engage(override);
      },
    };
    const result = await safe(site, {
      flags,
      journal: hanging(ports.journal),
      leases: hanging(ports.leases),
      releases: hanging(ports.releases),
      repository: hanging(ports.repository),
      breakers: hanging(ports.breakers),
      targets: [hanging(site.target, 'preflight', 'apply', 'current')],
      messengers: [hanging(site.messenger, 'send')],
      postmortems: hanging(ports.postmortems),
    });
    expect(await flagsOf(site)).toEqual(SAFE);
    // The opening, the start and the intent, two seconds each.
    expect(engagedAfter).toBe(6_000);
    expect(result.execution.outcome).toBe('partial');
    expect(result.stillOff.flags).toEqual(['digest=false', 'sales=false']);
    expect(result.problems.join('\n')).toMatch(/opening is not recorded[^]*Message to chat/);
    // The whole of it: within what level flags may take before it must be safe.
    expect(clock.now() - began).toBeLessThan(60_000);
    expect(clock.sleeping()).toBe(0);
  });

  it('is not the flag store for ever either: it ends, and does not claim to be safe', async () => {
    const site = await openSite();
    const began = site.clock.now();
    const result = await safe(site, { flags: hanging(site.ports.flags) });
    expect(result.execution.outcome).toBe('unknown');
    expect(site.clock.now() - began).toBeLessThan(60_000);
    expect(site.messenger.sent).toMatchObject([{ code: 'rollback-unknown', severity: 'page' }]);
    expect(site.messenger.sent[0]?.title).toContain('SAFE STATE NOT PROVEN');
    // The other lever was pulled all the same.
    expect(result.stillOff.breakers).toEqual(['mailer (open)', 'stripe (open)']);
  });
});

describe('making safe when something is down', () => {
  it.each<[string, (ports: OperationPorts) => Partial<OperationPorts>, string, string]>([
    ['the journal', (ports) => ({ journal: down(ports.journal) }), 'done', 'safe-state-on'],
    ['the breakers', (ports) => ({ breakers: down(ports.breakers) }), 'partial', 'safe-state-on'],
    [
      'writing flags',
      ({ flags }) => ({ flags: down(flags, 'engage') }),
      'failed',
      'rollback-failed',
    ],
    [
      'reading flags',
      ({ flags }) => ({ flags: down(flags, 'read') }),
      'unknown',
      'rollback-unknown',
    ],
  ])('%s: %3$s', async (_, breaking, outcome, code) => {
    const site = await openSite();
    const { execution, problems } = await safe(site, breaking(site.ports));
    expect(execution.outcome).toBe(outcome);
    expect(problems.join()).toContain('E_DOWN');
    expect(site.messenger.sent).toMatchObject([{ code }]);
    // "Safe state on" is said only of what was read back.
    const said = site.messenger.sent.map(({ title }) => title).join();
    expect(said.includes('SAFE STATE ON')).toBe(['done', 'partial'].includes(outcome));
  });

  it('instances that do not take it over are named, and the result is partial', async () => {
    const site = await openSite();
    site.fleet = 'lagging';
    const { execution, problems } = await safe(site);
    expect(execution.outcome).toBe('partial');
    expect(problems.join()).toContain('Not acknowledged by web-1');
    site.fleet = 'empty';
    const again = await safe(site);
    expect(again.execution.steps.map(({ result }) => result.outcome)).toEqual([
      'done',
      'done',
      'unknown',
    ]);
  });
});

describe('making safe that was interrupted', () => {
  it('is continued, and what was said is not said again', async () => {
    const site = await openSite();
    site.fleet = 'lagging';
    const first = await safe(site);
    const { counter } = await site.epoch();
    // As another process has it, which does not remember what the first one sent.
    const messenger = memoryMessenger('chat');
    site.ports.messengers = [messenger];
    const again = await site.clock.run(resumeRollback(site.ports, first.incident, 'lee'));
    expect(again.execution).toMatchObject({ id: first.execution.id, outcome: 'partial' });
    expect(messenger.sent).toEqual([]);
    site.fleet = 'acknowledging';
    const last = await site.clock.run(resumeRollback(site.ports, first.incident, 'lee'));
    expect(last.execution).toMatchObject({ id: first.execution.id, outcome: 'done' });
    expect((await site.epoch()).counter).toBe(counter);
    expect(messenger.sent.map(({ key }) => key)).toEqual([`${first.execution.id}/end/done`]);
  });

  it('does not put back what a person lifted in the meantime', async () => {
    const site = await openSite();
    const hung = await safe(site, { flags: down(site.ports.flags, 'engage') });
    expect(hung.execution.outcome).toBe('failed');
    await site.clock.advance(1_000);
    const since = new Date(site.clock.now()).toISOString();
    const lift = {
      mode: 'lifted',
      incident: hung.incident,
      since,
      by: 'lee',
      reason: 'ok',
    } as const;
    await site.ports.editor.lift(lift);
    const again = await site.clock.run(resumeRollback(site.ports, hung.incident, 'kim'));
    expect(again.execution.outcome).toBe('failed');
    expect(again.problems.join()).toContain('E_STALE');
    expect(await flagsOf(site)).toEqual(BASE);
  });
});
