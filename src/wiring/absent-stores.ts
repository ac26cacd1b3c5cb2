import { BackoutError } from '../model/error.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Journal } from '../ports/journal.ts';
import type { Leases } from '../ports/leases.ts';
import type { Proofs } from '../ports/proofs.ts';
import type { ReleaseRecords } from '../ports/releases.ts';

/** A store that `backout.yml` does not name, or that cannot be connected: every call says why. */
const always = (why: unknown) => (): Promise<never> =>
  Promise.reject(why instanceof Error ? why : new Error(String(why)));

/** The reason for a store that is simply not configured. */
export function notConfigured(code: `E_${string}`, what: string, setting: string): BackoutError {
  return new BackoutError({
    code,
    kind: 'refused',
    message: `${what} is not configured for this environment.`,
    remedy: `Set ${setting} in backout.yml.`,
  });
}

/** Without a journal database entries are spooled; leases and release records do not exist. */
export function absentPostgres(why: unknown): {
  journal: Journal;
  leases: Leases;
  releases: ReleaseRecords;
  proofs: Proofs;
} {
  const no = always(why);
  return {
    journal: { append: no, read: no, incidents: no },
    leases: { acquire: no, renew: no, release: no, inspect: no, inspectUnder: no },
    releases: { list: no, record: no, mark: no, hold: no },
    proofs: { newest: no },
  };
}

/** Without Redis there is nothing to trip and nobody to ask. */
export function absentBreakers(why: unknown): Breakers {
  const no = always(why);
  return { read: no, trip: no, set: no, announce: no, instances: no };
}
