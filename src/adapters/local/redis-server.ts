/** A private Redis (or Valkey) on 127.0.0.1. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RedisBinaries } from './binaries.ts';
import { serviceVariables } from './binaries.ts';
import type { LocalServer, ServerKind, ServerPlace, StartOptions } from './local-server.ts';
import { startServer } from './local-server.ts';
import { giveToServers } from './unprivileged.ts';

export interface StartRedisOptions extends StartOptions {
  binaries: RedisBinaries;
}

/**
 * Starts a server with 64 databases on a free port, as an unprivileged account when we are root.
 * The `url` leads to database 0.
 * @throws {BackoutError} E_SERVICE_START, E_SERVICE_DIR
 */
export async function startRedis(options: StartRedisOptions): Promise<LocalServer> {
  return startServer(redisKind(options.binaries), options);
}

function redisKind(binaries: RedisBinaries): ServerKind {
  return {
    name: 'Redis',
    async prepare(place) {
      // A file and not arguments, because everybody on the machine can read arguments.
      const file = join(place.dir, 'redis.conf');
      await writeFile(file, configuration(place), { mode: 0o600 });
      await giveToServers(file);
      return {
        variables: serviceVariables(binaries, place.dir),
        steps: [[binaries.server, file]],
        signals: ['SIGTERM'],
      };
    },
    url: urlOf,
    async probe(place, pid) {
      const client = new Redis(urlOf(place), {
        lazyConnect: true,
        connectTimeout: 2_000,
        commandTimeout: 2_000,
        maxRetriesPerRequest: 0,
        retryStrategy: () => null,
      });
      client.on('error', () => {}); // it also rejects the call that is under way
      try {
        await client.connect();
        const information = await client.info('server');
        const answering = Number(information.match(/^process_id:(\d+)/m)?.[1]);
        if (answering !== pid) throw new Error(`Another server answered: process ${answering}`);
      } finally {
        client.disconnect();
      }
    },
  };
}

function configuration({ dir, port, password, durable }: ServerPlace): string {
  const settings: [string, string][] = [
    ['bind', '127.0.0.1'],
    ['port', String(port)],
    ['dir', JSON.stringify(dir)],
    ['requirepass', password],
    ['databases', '64'],
    ['save', '""'],
    ['appendonly', durable ? 'yes' : 'no'],
    // Every write is on disk before it is acknowledged.
    ['appendfsync', durable ? 'always' : 'no'],
  ];
  return settings.map(([name, value]) => `${name} ${value}\n`).join('');
}

function urlOf({ port, password }: ServerPlace): string {
  return `redis://:${password}@127.0.0.1:${port}/0`;
}
