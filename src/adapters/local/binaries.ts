/** Where the programs of a local service are, and how to run them. */

/** `system`: installed on this machine. `unpacked`: from our cache folder, not installed. */
export type BinarySource = 'system' | 'unpacked';

export interface ServiceBinaries {
  /** As the program prints it, for example `15.18` or `7.0.15`. */
  version: string;
  source: BinarySource;
  /** Value for `LD_LIBRARY_PATH` when running one of these programs; absent: not needed. */
  libraryPath?: string;
}

export interface PostgresBinaries extends ServiceBinaries {
  /** The directory with initdb, postgres, pg_dump and pg_restore, all of the same version. */
  bin: string;
}

export interface RedisBinaries extends ServiceBinaries {
  /** The server program: redis-server or valkey-server. */
  server: string;
}

export interface LocalBinaries {
  postgres: PostgresBinaries;
  redis: RedisBinaries;
}

/** The name of a service as people write it. */
export const serviceNames = { postgres: 'PostgreSQL', redis: 'Redis' } as const;

export type ServiceKind = keyof LocalBinaries;

/**
 * The variables a local service runs with. They are the same on every machine: neither the
 * person's locale nor time zone nor proxy may change how a database behaves.
 */
export function serviceVariables(binaries: ServiceBinaries, home: string): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C',
    TZ: 'UTC',
    ...(binaries.libraryPath === undefined ? {} : { LD_LIBRARY_PATH: binaries.libraryPath }),
  };
}
