import * as z from 'zod';
import type { Lease } from '../../model/lease.ts';
import type { LeaseRequest, Leases } from '../../ports/leases.ts';
import { leaseHeld, leaseLost } from '../../model/lease-rules.ts';
import type { Postgres } from './connection.ts';
import { ensureLeases } from './sql/ensure-leases.sql.ts';
import { giveBackLeases } from './sql/give-back-leases.sql.ts';
import { inspectLeases } from './sql/inspect-leases.sql.ts';
import { inspectLeasesUnder } from './sql/inspect-leases-under.sql.ts';
import { lockLeases } from './sql/lock-leases.sql.ts';
import { renewLeases } from './sql/renew-leases.sql.ts';
import { takeLeases } from './sql/take-leases.sql.ts';
import { type Run, ask, transact } from './transaction.ts';
import { type Store, attemptTwice, inWordsOf } from './unreachable.ts';

const store: Store = {
  code: 'E_LEASES_UNREACHABLE',
  name: 'The store of leases',
  uncertain:
    'Nobody can tell whether the lease was taken. The same command again finds out: a lease it already has is simply extended.',
};

/** Leases in schema `backout` of a migrated database, judged by that database's clock. */
export function postgresLeases(postgres: Postgres): Leases {
  const change = <T>(work: (run: Run) => Promise<T>): Promise<T> =>
    inWordsOf(store, postgres.address, () => attemptTwice(() => transact(postgres, work)));

  return {
    acquire: (request) => change((run) => acquire(run, request)),
    renew: (leases, ttlMs) => change((run) => renew(run, leases, ttlMs)),
    release: (leases) =>
      change(async (run) => {
        await run(lockLeases, [leases.map((lease) => lease.resource)], z.unknown());
        await run(giveBackLeases, columnsOf(leases), z.unknown());
      }),
    inspect: (resources) =>
      inWordsOf(store, postgres.address, () =>
        attemptTwice(() => ask(postgres, inspectLeases, [resources], leaseRow)),
      ),
    inspectUnder: (prefix) =>
      inWordsOf(store, postgres.address, () =>
        attemptTwice(() => ask(postgres, inspectLeasesUnder, [prefix], leaseRow)),
      ),
  };
}

/**
 * All or none. When the answer to COMMIT is lost, the same again settles it: what the first attempt
 * took is then ours and unexpired, and keeps its fence.
 */
async function acquire(run: Run, request: LeaseRequest): Promise<Lease[]> {
  const { resources, holder, incident, ttlMs } = request;
  const wanted = [...new Set(resources)];
  await run(ensureLeases, [wanted], z.unknown());
  await run(lockLeases, [wanted], z.unknown());
  // Asked before taking: an update changes what "held by somebody else" means.
  const standing = await run(inspectLeases, [wanted], leaseRow);
  const held = standing.filter((lease) => lease.holder !== holder || lease.incident !== incident);
  // A holder whose time ends between these two statements is still refused: it had it when we asked.
  if (held.length > 0) throw leaseHeld(held);
  const taken = await run(takeLeases, [wanted, holder, incident, ttlMs], leaseRow);
  // Cannot be, with the rows locked. But fewer rights than asked for must never pass for success.
  if (taken.length !== wanted.length) throw new Error('not all of the leases could be taken');
  return taken.toSorted(byResource);
}

async function renew(run: Run, leases: readonly Lease[], ttlMs: number): Promise<Lease[]> {
  const resources = leases.map((lease) => lease.resource);
  await run(lockLeases, [resources], z.unknown());
  const renewed = await run(renewLeases, [...columnsOf(leases), ttlMs], leaseRow);
  const lost = leases.filter((ours) => !renewed.some((lease) => lease.resource === ours.resource));
  if (lost.length > 0) {
    const standing = await run(inspectLeases, [resources], leaseRow);
    throw leaseLost(
      lost.map((ours) => ({
        ours,
        now: standing.find((lease) => lease.resource === ours.resource),
      })),
    );
  }
  return renewed.toSorted(byResource);
}

function columnsOf(leases: readonly Lease[]): unknown[] {
  return [
    leases.map((lease) => lease.resource),
    leases.map((lease) => lease.holder),
    leases.map((lease) => lease.incident),
    leases.map((lease) => lease.fence),
  ];
}

function byResource(a: Lease, b: Lease): number {
  return a.resource < b.resource ? -1 : 1;
}

const leaseRow = z
  .object({
    resource: z.string(),
    holder: z.string(),
    incident: z.string(),
    // PostgreSQL's bigint arrives as text. A fence stays far below 2^53.
    fence: z.coerce.number<string>().int(),
    expires_at: z.date().transform((at) => at.toISOString()),
  })
  .transform(({ expires_at, ...rest }) => ({ ...rest, expiresAt: expires_at }));
