/** Stores that this machine reaches itself: Postgres and Redis by their addresses. */
import { resolve } from 'node:path';
import { spoolingJournal } from '../adapters/file/spool.ts';
import { connectPostgres, type Postgres } from '../adapters/postgres/connection.ts';
import { postgresJournal } from '../adapters/postgres/journal.ts';
import { postgresLeases } from '../adapters/postgres/leases.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { postgresProofs } from '../adapters/postgres/proofs.ts';
import { postgresReleases } from '../adapters/postgres/releases.ts';
import { redisBreakers } from '../adapters/redis/breakers.ts';
import { connectRedis } from '../adapters/redis/connection.ts';
import { resolveReference } from '../config/secrets.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import type { Breakers } from '../ports/breakers.ts';
import type { Journal } from '../ports/journal.ts';
import { absentBreakers, absentPostgres, notConfigured } from './absent-stores.ts';
import { openFlags } from './open-flags.ts';
import type { Stores, StoresContext } from './stores.ts';
import { tolerant } from './tolerant.ts';

/** Connections that fail say so when they are used. */
export async function openDirectStores(context: StoresContext): Promise<Stores> {
  const { options, stateDirectory, clock, resources } = context;
  const stores = await openPostgres(context);
  const journal = resources.use(
    spoolingJournal({
      primary: stores.journal,
      spoolDirectory: resolve(stateDirectory, 'spool'),
      clock,
      mode: options.journalMode,
    }),
  );
  return {
    ...stores,
    ...(await openFlags(context)),
    journal,
    breakers: openBreakers(context),
    drain: () => journal.drain(),
  };
}

function openBreakers({ options, config, scope, ids, resources }: StoresContext): Breakers {
  const { environment } = config;
  return tolerant(options, absentBreakers, () => {
    if (environment.redis === undefined) {
      const setting = `environments.${environment.name}.redis.url`;
      return absentBreakers(notConfigured('E_BREAKERS_UNREACHABLE', 'Redis', setting));
    }
    const url = resolveReference(environment.redis.url, options.variables);
    return redisBreakers({ redis: resources.use(connectRedis(url)), scope, ids });
  });
}

function unreachable(cause: unknown): BackoutError {
  return new BackoutError({
    code: 'E_JOURNAL_UNREACHABLE',
    message: `The journal's database cannot be connected: ${describeCause(cause)}`,
    remedy: 'Set what is missing; spooled entries are carried over by the next command.',
    cause,
  });
}

async function openPostgres({
  options,
  config: { environment },
  resources,
}: StoresContext): Promise<ReturnType<typeof absentPostgres>> {
  const postgres = tolerant<Postgres | BackoutError>(options, unreachable, () => {
    const setting = `environments.${environment.name}.journal.url`;
    if (environment.journal === undefined) {
      return notConfigured('E_JOURNAL_UNREACHABLE', 'A journal database', setting);
    }
    const url = resolveReference(environment.journal.url, options.variables);
    return resources.use(connectPostgres(url, { applicationName: 'backout' }));
  });
  if (postgres instanceof BackoutError) return absentPostgres(postgres);
  const stores = {
    journal: postgresJournal(postgres),
    leases: postgresLeases(postgres),
    releases: postgresReleases(postgres),
    proofs: postgresProofs(postgres),
  };
  // An emergency does not wait for the database; its entries are carried over later, after this.
  if (options.journalMode === 'spool-first') {
    return { ...stores, journal: migratedOnUse(stores.journal, () => migrate(postgres)) };
  }
  // A database that is down says so when it is used, with the words of the operation at hand.
  await migrate(postgres).catch(() => undefined);
  return stores;
}

/** A journal that brings its schema up to date before its first use. */
function migratedOnUse(journal: Journal, prepare: () => Promise<unknown>): Journal {
  let prepared: Promise<unknown> | undefined;
  const ready = async (): Promise<void> => {
    prepared ??= prepare();
    try {
      await prepared;
    } catch (error) {
      prepared = undefined;
      throw error;
    }
  };
  return {
    append: async (entry) => {
      await ready();
      return await journal.append(entry);
    },
    read: async (scope, incident) => {
      await ready();
      return await journal.read(scope, incident);
    },
    incidents: async (scope) => {
      await ready();
      return await journal.incidents(scope);
    },
  };
}
