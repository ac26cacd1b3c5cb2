import { describeCause } from '../model/error.ts';
import { guardLookResource, guardResource, LOOKED_MS } from '../model/lease.ts';
import { within } from '../ports/clock.ts';
import type { OperationPorts } from './operation-ports.ts';

/** Saying who watches is for the words of an answer only: it may not take longer than this. */
const CAP_MS = 1_500;

/** Whether somebody watches that held releases stay away. */
export interface GuardState {
  /** Who watches, and until when without a further sign; undefined when nobody does. */
  watching?: { holder: string; until: string };
  /** When anybody looked last, ISO 8601 UTC; undefined when nobody did in the last hour. */
  lookedAt?: string;
  /** Why it is not known. */
  problem?: string;
}

/** Reads who watches. Never throws. */
export async function readGuard({
  leases,
  scope,
  clock,
}: Pick<OperationPorts, 'leases' | 'scope' | 'clock'>): Promise<GuardState> {
  const turn = guardResource(scope);
  const look = guardLookResource(scope);
  try {
    const found = await within(clock, CAP_MS, () => leases.inspect([turn, look]));
    const owner = found.find(({ resource }) => resource === turn);
    const looked = found.find(({ resource }) => resource === look);
    const at = looked && new Date(Date.parse(looked.expiresAt) - LOOKED_MS).toISOString();
    return {
      ...(owner && { watching: { holder: owner.holder, until: owner.expiresAt } }),
      ...(at && { lookedAt: at }),
    };
  } catch (error) {
    return { problem: describeCause(error) };
  }
}
