/** Databases and network faults for the tests of the Postgres adapters. */

import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { type Postgres, connectPostgres } from '../../../src/adapters/postgres/connection.ts';
import { postgresJournal } from '../../../src/adapters/postgres/journal.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import type { Journal } from '../../../src/ports/journal.ts';
import { testDatabase } from '../../support/services.ts';

export interface MigratedDatabase extends AsyncDisposable {
  url: string;
  postgres: Postgres;
  journal: Journal;
  /** Removes all rows, which only the tables' owner can, by taking the guards off first. */
  empty(): Promise<void>;
}

export async function migratedDatabase(): Promise<MigratedDatabase> {
  const database = await testDatabase();
  const postgres = connectPostgres(database.url, { applicationName: 'backout test' });
  await migrate(postgres);
  return {
    url: database.url,
    postgres,
    journal: postgresJournal(postgres),
    empty: () =>
      asOwnerWithoutGuards(postgres, 'truncate backout.journal, backout.lease, backout.release', [
        'backout.journal',
        'backout.lease',
        'backout.release',
      ]),
    async [Symbol.asyncDispose]() {
      await postgres.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** What the tables' owner could do: take the triggers off, change, put them back as they were. */
export async function asOwnerWithoutGuards(
  postgres: Postgres,
  sql: string,
  tables: readonly string[],
): Promise<void> {
  const { rows } = await postgres.pool.query<{ off: string; on: string }>(
    `select format('alter table %s disable trigger %I', tgrelid::regclass, tgname) as off,
            format('alter table %s enable %s trigger %I', tgrelid::regclass,
                   case tgenabled when 'A' then 'always' else '' end, tgname) as on
       from pg_trigger
      where not tgisinternal and tgrelid = any ($1::text[]::regclass[])`,
    [tables],
  );
  const off = rows.map((guard) => guard.off);
  const on = rows.map((guard) => guard.on);
  await postgres.pool.query(['begin', ...off, sql, ...on, 'commit'].join('; '));
}

export interface FaultyProxy extends AsyncDisposable {
  /** The database's URL, through the proxy. */
  url: string;
  /**
   * Cuts the connection the next time a client commits: before the server hears of it, or after,
   * with its answer held back. With `andRefuse`, whoever connects from then on is sent away.
   */
  cutNextCommit(when: 'before' | 'after', andRefuse?: 'and refuse'): void;
  /** How many commits were cut. */
  cuts(): number;
  /** From now on nothing is passed on in either direction, and nothing is closed. */
  freeze(): void;
}

/** A TCP proxy before the database that can break at the worst moment. */
export async function faultyProxy(url: string): Promise<FaultyProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let cutting: 'before' | 'after' | undefined;
  let cuts = 0;
  let frozen = false;
  let refusing = false;
  let refuseAfterCut = false;

  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      if (frozen) return;
      // A simple query: `Q`, length, text, NUL.
      if (cutting !== undefined && /commit\0/i.test(bytes.toString('latin1'))) {
        const when = cutting;
        cutting = undefined;
        cuts += 1;
        refusing = refuseAfterCut;
        if (when === 'after') {
          // The server answers when it has committed; that answer is what gets lost.
          upstream.removeAllListeners('data');
          upstream.once('data', () => client.destroy());
          upstream.write(bytes);
          return;
        }
        upstream.destroy();
        client.destroy();
        return;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (!frozen) client.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    cutNextCommit: (when, andRefuse) => {
      cutting = when;
      refuseAfterCut = andRefuse !== undefined;
    },
    cuts: () => cuts,
    freeze: () => {
      frozen = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
