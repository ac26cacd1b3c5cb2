import * as z from 'zod';
import { LEVELS } from '../../model/level.ts';
import type { Proof } from '../../model/readiness.ts';
import type { Proofs } from '../../ports/proofs.ts';
import type { Postgres } from './connection.ts';
import { newestProofs } from './sql/newest-proofs.sql.ts';
import { ask } from './transaction.ts';
import { type Store, attemptTwice, inWordsOf } from './unreachable.ts';

const store: Store = {
  code: 'E_JOURNAL_UNREACHABLE',
  name: 'The journal',
  uncertain: 'It was only read.',
};

/** The proofs in the journal of a migrated database (migrate.ts). */
export function postgresProofs(postgres: Postgres): Proofs {
  return {
    async newest({ service, environment }) {
      const found = await inWordsOf(store, postgres.address, () =>
        attemptTwice(() => ask(postgres, newestProofs, [service, environment], proofRow)),
      );
      return found.flat().toSorted((a, b) => (a.at < b.at ? 1 : -1));
    },
  };
}

/** A level that a newer Backout has is none that this one could go to. */
const proofRow = z
  .object({
    level: z.string(),
    by: z.enum(['rollback', 'flag-test']),
    at: z.date().transform((at) => at.toISOString()),
    took_ms: z.unknown(),
    budget_ms: z.unknown(),
    incident: z.string(),
  })
  .transform(({ level, took_ms, budget_ms, ...rest }): Proof[] => {
    const known = LEVELS.find((one) => one === level);
    if (known === undefined) return [];
    return [
      {
        level: known,
        ...rest,
        ...(typeof took_ms === 'number' ? { took_ms } : {}),
        ...(typeof budget_ms === 'number' ? { budget_ms } : {}),
      },
    ];
  });
