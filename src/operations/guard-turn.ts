import { BackoutError, describeCause } from '../model/error.ts';
import { GUARD_RULE } from '../model/guard-record.ts';
import { guardResource, type Lease } from '../model/lease.ts';
import type { GuardPorts } from './guard-ports.ts';
import { type GuardLook, lookAtReleases } from './guard-releases.ts';
import type { GuardMemory } from './guard-situation.ts';

/** What came of one look of somebody who is called again and again, such as a function. */
export type TurnTaken =
  | { look: GuardLook }
  /** Somebody else watches: nothing was looked at. Undefined: who it is cannot be told. */
  | { owner: Lease | undefined };

/**
 * Looks once if it is our turn: nobody else watches, or we did at the last call. The lease is kept
 * between two calls, so that others see who watches, and so that a process that watches all the time
 * is not doubled. While its store is away we look: twice is better than not at all.
 * @param ttlMs longer than the time from one call to the next
 */
export async function lookInTurn(
  ports: GuardPorts,
  memory: GuardMemory,
  ttlMs: number,
): Promise<TurnTaken> {
  const { leases, scope, settings } = ports;
  const resource = guardResource(scope);
  const { holder } = settings;
  let unproven: string | undefined;
  try {
    await leases.acquire({ resources: [resource], holder, incident: GUARD_RULE, ttlMs });
  } catch (error) {
    if (error instanceof BackoutError && error.code === 'E_LEASE_HELD') {
      const [owner] = await leases.inspect([resource]).catch(() => []);
      return { owner };
    }
    unproven = `Whether somebody else watches is not known: ${describeCause(error)}`;
  }
  const look = await lookAtReleases(ports, memory);
  if (unproven !== undefined) look.problems.push(unproven);
  return { look };
}
