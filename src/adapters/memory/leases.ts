import type { Lease } from '../../model/lease.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LeaseRequest, Leases } from '../../ports/leases.ts';
import { leaseHeld, leaseLost } from '../../model/lease-rules.ts';

interface Row {
  holder: string;
  incident: string;
  /** Stays when the lease is given back or runs out: a number is never used twice. */
  fence: number;
  /** Milliseconds since 1970; -Infinity once given back. */
  expiresAt: number;
}

/** Leases within one process, judged by `clock`: for tests and the simulator. */
export function memoryLeases(clock: Clock): Leases {
  const rows = new Map<string, Row>();

  const liveLease = (resource: string): Lease | undefined => {
    const row = rows.get(resource);
    return row === undefined || row.expiresAt <= clock.now() ? undefined : leaseOf(resource, row);
  };

  return {
    acquire: async (request: LeaseRequest) => {
      const resources = [...new Set(request.resources)].toSorted();
      const standing = resources.map((resource) => liveLease(resource));
      const held = standing.filter(isLease).filter((lease) => !isOwn(lease, request));
      if (held.length > 0) throw leaseHeld(held);
      return resources.map((resource, index) => {
        const row = rows.get(resource);
        const own = standing[index] !== undefined;
        const taken: Row = {
          holder: request.holder,
          incident: request.incident,
          fence: own && row !== undefined ? row.fence : (row?.fence ?? 0) + 1,
          expiresAt: Math.max(row?.expiresAt ?? 0, clock.now() + request.ttlMs),
        };
        rows.set(resource, taken);
        return leaseOf(resource, taken);
      });
    },
    renew: async (leases: readonly Lease[], ttlMs: number) => {
      const lost = leases
        .map((ours) => ({ ours, now: liveLease(ours.resource) }))
        .filter(({ ours, now }) => now === undefined || !isSame(ours, now));
      if (lost.length > 0) throw leaseLost(lost);
      return leases
        .toSorted((a, b) => (a.resource < b.resource ? -1 : 1))
        .flatMap((lease) => {
          const row = rows.get(lease.resource);
          if (row === undefined) return [];
          row.expiresAt = Math.max(row.expiresAt, clock.now() + ttlMs);
          return [leaseOf(lease.resource, row)];
        });
    },
    release: async (leases: readonly Lease[]) => {
      for (const lease of leases) {
        const row = rows.get(lease.resource);
        if (row !== undefined && isSame(lease, row)) row.expiresAt = -Infinity;
      }
    },
    inspect: async (resources: readonly string[]) =>
      [...new Set(resources)]
        .toSorted()
        .map((resource) => liveLease(resource))
        .filter(isLease),
    inspectUnder: async (prefix: string) =>
      [...rows.keys()]
        .filter((resource) => resource.startsWith(prefix))
        .toSorted()
        .map((resource) => liveLease(resource))
        .filter(isLease),
  };
}

type Held = Pick<Lease, 'holder' | 'incident' | 'fence'>;

function isOwn(lease: Held, request: LeaseRequest): boolean {
  return lease.holder === request.holder && lease.incident === request.incident;
}

function isSame(a: Held, b: Held): boolean {
  return a.holder === b.holder && a.incident === b.incident && a.fence === b.fence;
}

function isLease(lease: Lease | undefined): lease is Lease {
  return lease !== undefined;
}

function leaseOf(resource: string, row: Row): Lease {
  const { holder, incident, fence } = row;
  return { resource, holder, fence, expiresAt: new Date(row.expiresAt).toISOString(), incident };
}
