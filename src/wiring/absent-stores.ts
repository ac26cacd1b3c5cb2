import { BackoutError } from '../model/error.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Journal } from '../ports/journal.ts';
import type { Leases } from '../ports/leases.ts';
import type { ReleaseRecords } from '../ports/releases.ts';

/** What stands in for a store that `backout.yml` does not name: every call says so. */
function absent(code: `E_${string}`, what: string, setting: string): () => Promise<never> {
  return () =>
    Promise.reject(
      new BackoutError({
        code,
        kind: 'refused',
        message: `${what} is not configured for this environment.`,
        remedy: `Set ${setting} in backout.yml.`,
      }),
    );
}

/** Without a journal database entries are spooled; leases and release records do not exist. */
export function absentPostgres(): { journal: Journal; leases: Leases; releases: ReleaseRecords } {
  const no = absent('E_JOURNAL_UNREACHABLE', 'A journal database', 'environments.….journal.url');
  return {
    journal: { append: no, read: no, incidents: no },
    leases: { acquire: no, renew: no, release: no, inspect: no },
    releases: { list: no, record: no, mark: no, hold: no },
  };
}

/** Without Redis there is nothing to trip and nobody to ask. */
export function absentBreakers(): Breakers {
  const no = absent('E_BREAKERS_UNREACHABLE', 'Redis', 'environments.….redis.url');
  return { read: no, trip: no, set: no, announce: no, instances: no };
}
