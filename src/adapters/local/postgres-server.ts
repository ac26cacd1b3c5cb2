/** A private PostgreSQL on 127.0.0.1. */

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresBinaries } from './binaries.ts';
import { serviceVariables } from './binaries.ts';
import type { LocalServer, ServerKind, ServerPlace, StartOptions } from './local-server.ts';
import { startServer } from './local-server.ts';

/**
 * For data that is thrown away: nothing waits for the disk. After a crash of the machine such a
 * cluster may be unreadable, so never for data somebody wants to keep.
 */
const throwawaySettings = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off'];

export interface StartPostgresOptions extends StartOptions {
  binaries: PostgresBinaries;
}

/**
 * Makes a cluster (or uses the one in `dir`) and starts it on a free port, as an unprivileged
 * account when we are root. The `url` leads to the database `postgres`, as its superuser.
 * @throws {BackoutError} E_SERVICE_START, E_SERVICE_DIR
 */
export async function startPostgres(options: StartPostgresOptions): Promise<LocalServer> {
  return startServer(postgresKind(options.binaries), options);
}

function postgresKind(binaries: PostgresBinaries): ServerKind {
  return {
    name: 'PostgreSQL',
    async prepare({ dir, port, durable }) {
      const data = join(dir, 'data');
      const settings = [
        'listen_addresses=127.0.0.1',
        // Socket paths are limited to about 100 characters, which a Mac's temporary folders exceed.
        'unix_socket_directories=',
        `port=${port}`,
        'max_connections=200',
        ...(durable ? [] : throwawaySettings),
      ].flatMap((setting) => ['-c', setting]);
      const server = [join(binaries.bin, 'postgres'), '-D', data, ...settings];
      const exists = await access(join(data, 'PG_VERSION')).then(
        () => true,
        () => false,
      );
      return {
        variables: serviceVariables(binaries, dir),
        steps: exists ? [server] : [initdb(binaries, dir, durable), server],
        // "Fast" shutdown (disconnect, checkpoint, end), then "immediate" (end).
        signals: ['SIGINT', 'SIGQUIT'],
      };
    },
    url: urlOf,
    async probe(place) {
      const client = new Client({
        connectionString: urlOf(place),
        connectionTimeoutMillis: 2_000,
        query_timeout: 2_000,
      });
      client.on('error', () => {}); // it also rejects the call that is under way
      try {
        await client.connect();
        const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
        const found = rows[0]?.data_directory;
        if (found !== join(place.dir, 'data')) throw new Error(`Another server answered: ${found}`);
      } finally {
        await client.end();
      }
    },
  };
}

function initdb(binaries: PostgresBinaries, dir: string, durable: boolean): string[] {
  const settings = {
    pgdata: join(dir, 'data'),
    username: 'postgres',
    pwfile: join(dir, 'password'),
    auth: 'scram-sha-256',
    // Independent of the machine: the same order of text, the same encoding everywhere.
    encoding: 'UTF8',
    locale: 'C',
  };
  return [
    join(binaries.bin, 'initdb'),
    ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
    ...(durable ? [] : ['--no-sync']),
  ];
}

function urlOf({ port, password }: ServerPlace): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}
