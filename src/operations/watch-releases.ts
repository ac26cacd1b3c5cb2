import { BackoutError, describeCause } from '../model/error.ts';
import { GUARD_RULE } from '../model/guard-record.ts';
import { guardResource } from '../model/lease.ts';
import type { Lease } from '../model/lease.ts';
import type { GuardPorts } from './guard-ports.ts';
import { type GuardLook, lookAtReleases } from './guard-releases.ts';
import { newMemory } from './guard-situation.ts';
import { withLeases } from './leases.ts';

export interface Watch {
  /** Between two looks, in milliseconds. */
  everyMs: number;
  /** Ends the watch after the look that runs. */
  signal: AbortSignal;
  /** Called after every look, and waited for. */
  onLook: (look: GuardLook) => Promise<void>;
  /** Called when somebody else watches already, once per owner. */
  onStandBy: (owner: Lease | undefined) => void;
  /** Called when it is our turn, with or without the lease. */
  onTurn: (turn: { leased: true } | { leased: false; problem: string }) => void;
}

/**
 * Looks again and again until it is stopped. Of several processes one does it, by a lease; the
 * others stand by and take over when it is given back, or runs out because its holder is gone: at
 * the latest after the lease's time and a third of it. Never throws for what is away: a guard that
 * ends because the database is down guards nothing.
 */
export async function watchReleases(ports: GuardPorts, watch: Watch): Promise<{ looks: number }> {
  const { clock, leases, scope, settings } = ports;
  const { signal, everyMs } = watch;
  const memory = newMemory();
  const resource = guardResource(scope);
  let looks = 0;
  let owner: string | undefined;
  let isLeased: boolean | undefined;
  const turn = (now: Parameters<Watch['onTurn']>[0]): void => {
    if (isLeased !== now.leased) watch.onTurn(now);
    isLeased = now.leased;
    owner = undefined;
  };
  const look = async (): Promise<void> => {
    const found = await lookAtReleases(ports, memory);
    looks += 1;
    await watch.onLook(found);
  };
  const pause = async (ms: number, until: AbortSignal): Promise<void> => {
    // Only the signal ends it early, and whoever waits asks the signal next.
    await clock.sleep(ms, until).catch(() => undefined);
  };
  const request = {
    resources: [resource],
    holder: settings.holder,
    incident: GUARD_RULE,
    ttlMs: settings.leaseTtlMs,
  };
  while (!signal.aborted) {
    try {
      await withLeases(
        { leases, clock, request, waitMs: 0, note: saysNothing },
        async ({ lost }) => {
          turn({ leased: true });
          const until = AbortSignal.any([signal, lost]);
          while (!until.aborted) {
            await look();
            await pause(everyMs, until);
          }
        },
      );
    } catch (error) {
      if (error instanceof BackoutError && error.code === 'E_LEASE_HELD') {
        const [held] = await leases.inspect([resource]).catch(() => []);
        if (owner !== (held?.holder ?? '')) watch.onStandBy(held);
        owner = held?.holder ?? '';
        isLeased = undefined;
        await pause(Math.min(everyMs, settings.leaseTtlMs / 3), signal);
        continue;
      }
      // Nobody can have the lease while its store is away. Two that look are better than none: what
      // both tell has the same keys.
      turn({ leased: false, problem: describeCause(error) });
      await look();
      await pause(everyMs, signal);
    }
  }
  return { looks };
}

/** Nobody waits for a lease here, and so there is nothing to say about waiting. */
function saysNothing(): void {}
