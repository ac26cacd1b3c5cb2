import { expect, it } from 'vitest';
import type { Lease } from '../../src/model/lease.ts';
import { guardPorts, type GuardPorts } from '../../src/operations/guard-ports.ts';
import type { GuardLook } from '../../src/operations/guard-releases.ts';
import { readGuard } from '../../src/operations/guard-state.ts';
import { watchReleases } from '../../src/operations/watch-releases.ts';
import { B, C, down, type Site } from '../support/memory-ports.ts';
import { codesOf } from './complaint-support.ts';
import { deployByHand, MINUTE, openRolledBack } from './guard-support.ts';

interface Running {
  looks: GuardLook[];
  standBys: (Lease | undefined)[];
  turns: boolean[];
  /** As SIGTERM does it. */
  stop(): Promise<{ looks: number }>;
  /** As SIGKILL does it: nothing more happens, and nothing is given back. */
  kill(): void;
}

/** A guard as a process of its own: with its name in leases, and its own memory. */
function start(site: Site, name: string, more: Partial<GuardPorts> = {}): Running {
  const ports = { ...guardPorts(site.ports), ...more };
  const stopped = new AbortController();
  let isDead = false;
  const alive = <T>(work: () => Promise<T>): Promise<T> =>
    isDead ? new Promise<T>(() => undefined) : work();
  const { leases } = ports;
  const running: Omit<Running, 'stop' | 'kill'> = { looks: [], standBys: [], turns: [] };
  const ended = watchReleases(
    {
      ...ports,
      settings: { ...ports.settings, holder: name },
      leases: {
        acquire: (request) => alive(() => leases.acquire(request)),
        renew: (held, ttlMs) => alive(() => leases.renew(held, ttlMs)),
        release: (held) => alive(() => leases.release(held)),
        inspect: (resources) => alive(() => leases.inspect(resources)),
        inspectUnder: (prefix) => alive(() => leases.inspectUnder(prefix)),
      },
      releases: { list: (scope) => alive(() => ports.releases.list(scope)) },
    },
    {
      everyMs: MINUTE,
      signal: stopped.signal,
      onLook: async (look) => void running.looks.push(look),
      onStandBy: (owner) => running.standBys.push(owner),
      onTurn: ({ leased }) => running.turns.push(leased),
    },
  );
  return {
    ...running,
    stop: async () => {
      stopped.abort();
      return await site.clock.run(ended);
    },
    kill() {
      isDead = true;
    },
  };
}

it('A guard looks every minute until it is stopped, and then gives its turn back.', async () => {
  const { site } = await openRolledBack();
  const guard = start(site, 'guard one');
  await site.clock.advance(120 * MINUTE);
  expect(guard.looks).toHaveLength(121);
  expect(await readGuard(site.ports)).toMatchObject({
    watching: { holder: 'guard one' },
    lookedAt: guard.looks.at(-1)?.at,
  });
  expect(await guard.stop()).toEqual({ looks: 121 });
  expect(await readGuard(site.ports)).toEqual({ lookedAt: guard.looks.at(-1)?.at });
  expect(site.clock.sleeping()).toBe(0);
});

it('Whatever comes back in two hours is told once each time, within one look.', async () => {
  const { site } = await openRolledBack();
  const guard = start(site, 'guard one');
  for (const release of [C, B, C, B]) {
    await deployByHand(site, release);
    await site.clock.advance(30 * MINUTE);
  }
  const twice = ['held-release-back', 'held-release-gone'];
  expect(codesOf(site)).toEqual([...twice, ...twice]);
  // The look of the very beginning, and one for each of twice thirty minutes.
  expect(guard.looks.filter(({ verdict }) => verdict === 'failed')).toHaveLength(61);
  await guard.stop();
});

it('Of two guards one looks; the other says who does, and takes over when it is stopped.', async () => {
  const { site } = await openRolledBack();
  const [first, second] = [start(site, 'guard one'), start(site, 'guard two')];
  await site.clock.advance(10 * MINUTE);
  expect(first.looks).toHaveLength(11);
  expect(second.looks).toEqual([]);
  expect(second.standBys).toMatchObject([{ holder: 'guard one' }]);
  await first.stop();
  await site.clock.advance(MINUTE);
  expect(second.looks.length).toBeGreaterThan(0);
  expect(await readGuard(site.ports)).toMatchObject({ watching: { holder: 'guard two' } });
  await second.stop();
});

it('A guard that is killed is followed when its lease has run out.', async () => {
  const { site } = await openRolledBack();
  const [first, second] = [start(site, 'guard one'), start(site, 'guard two')];
  await site.clock.advance(3 * MINUTE);
  first.kill();
  const { leaseTtlMs } = site.ports.settings;
  await site.clock.advance(leaseTtlMs + leaseTtlMs / 3 + 1);
  expect(second.turns).toEqual([true]);
  await deployByHand(site, C);
  await site.clock.advance(MINUTE);
  expect(codesOf(site)).toEqual(['held-release-back']);
  await second.stop();
});

it('A guard outlives stores that are away for an hour, says so once, and goes on.', async () => {
  const { site } = await openRolledBack();
  let away = false;
  const when = <Port extends object>(port: Port): Port => {
    const broken = down(port);
    return new Proxy(port, {
      get: (object, name): unknown => Reflect.get(away ? broken : object, name),
    });
  };
  const guard = start(site, 'guard one', {
    journal: when(site.ports.journal),
    leases: when(site.ports.leases),
    releases: when(site.ports.releases),
  });
  await site.clock.advance(5 * MINUTE);
  away = true;
  await site.clock.advance(30 * MINUTE);
  await deployByHand(site, C);
  await site.clock.advance(30 * MINUTE);
  expect(codesOf(site)).toEqual(['guard-blind', 'held-release-back']);
  away = false;
  await site.clock.advance(5 * MINUTE);
  expect(codesOf(site)).toEqual(['guard-blind', 'held-release-back', 'guard-sees']);
  expect(guard.looks.length).toBeGreaterThanOrEqual(65);
  expect(await readGuard(site.ports)).toMatchObject({ watching: { holder: 'guard one' } });
  await guard.stop();
});

it('Who watches is not known when the store of leases is away.', async () => {
  const { site } = await openRolledBack();
  const ports = { ...site.ports, leases: down(site.ports.leases) };
  expect(await readGuard(ports)).toEqual({ problem: 'E_DOWN: It cannot be reached.' });
  expect(await readGuard(site.ports)).toEqual({});
});
