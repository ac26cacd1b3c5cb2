/** Looks for PostgreSQL and Redis among the programs installed on this machine. */

import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { EnvironmentVariables } from '../../config/environment.ts';
import type { BinarySource, PostgresBinaries, RedisBinaries, ServiceBinaries } from './binaries.ts';
import { serviceVariables } from './binaries.ts';
import { runProgram } from './run-program.ts';
import { isReachable } from './unprivileged.ts';

/** What "PostgreSQL is here" means: the server alone is not enough to back up and restore. */
const postgresPrograms = ['initdb', 'postgres', 'pg_dump', 'pg_restore'];

/** Directories with one folder per version. Distributions keep these programs off the PATH. */
const postgresHomes = [
  { parent: '/usr/lib/postgresql', name: /^\d+$/, bin: 'bin' },
  { parent: '/opt/homebrew/opt', name: /^postgresql@\d+$/, bin: 'bin' },
  { parent: '/usr/local/opt', name: /^postgresql@\d+$/, bin: 'bin' },
];

/** @returns the newest complete PostgreSQL of the known places, else the first on the PATH. */
export async function findSystemPostgres(
  variables: EnvironmentVariables,
): Promise<PostgresBinaries | undefined> {
  for (const bin of [...(await versionedPostgresDirs()), ...pathDirs(variables)]) {
    const found = await examinePostgres(bin, 'system');
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @returns redis-server, else valkey-server (which speaks the same protocol), from the PATH. */
export async function findSystemRedis(
  variables: EnvironmentVariables,
): Promise<RedisBinaries | undefined> {
  for (const name of ['redis-server', 'valkey-server']) {
    for (const dir of pathDirs(variables)) {
      const found = await examineRedis(join(dir, name), 'system');
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** @returns undefined unless all the programs are in `bin` and the server really starts. */
export async function examinePostgres(
  bin: string,
  source: BinarySource,
  libraryPath?: string,
): Promise<PostgresBinaries | undefined> {
  for (const program of postgresPrograms) {
    if (!(await isProgram(join(bin, program)))) return undefined;
  }
  const common = await examineServer(join(bin, 'postgres'), source, libraryPath);
  return common === undefined ? undefined : { ...common, bin };
}

/** @returns undefined unless `server` is there and really starts. */
export async function examineRedis(
  server: string,
  source: BinarySource,
  libraryPath?: string,
): Promise<RedisBinaries | undefined> {
  if (!(await isProgram(server))) return undefined;
  const common = await examineServer(server, source, libraryPath);
  return common === undefined ? undefined : { ...common, server };
}

/** Asking for the version also proves that the program finds all its libraries. */
async function examineServer(
  server: string,
  source: BinarySource,
  libraryPath: string | undefined,
): Promise<ServiceBinaries | undefined> {
  const common = { source, ...(libraryPath === undefined ? {} : { libraryPath }) };
  const env = serviceVariables({ ...common, version: '' }, '/');
  const printed = await runProgram(server, ['--version'], { env, timeoutMs: 10_000 }).catch(
    () => undefined,
  );
  const version = printed?.match(/\d+(?:\.\d+)+|\d+(?:beta|rc|devel)\w*/)?.[0];
  return version === undefined ? undefined : { ...common, version };
}

async function versionedPostgresDirs(): Promise<string[]> {
  const found: { version: number; bin: string }[] = [];
  for (const { parent, name, bin } of postgresHomes) {
    for (const entry of await readdir(parent).catch(() => [])) {
      if (!name.test(entry)) continue;
      found.push({ version: Number(entry.match(/\d+/)?.[0]), bin: join(parent, entry, bin) });
    }
  }
  return found.toSorted((a, b) => b.version - a.version).map(({ bin }) => bin);
}

async function isProgram(path: string): Promise<boolean> {
  if (!(await isReachable(path))) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** @returns the program's full path, or undefined when it is not on the PATH. */
export async function findOnPath(
  program: string,
  variables: EnvironmentVariables,
): Promise<string | undefined> {
  for (const dir of pathDirs(variables)) {
    const path = join(dir, program);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}

function pathDirs(variables: EnvironmentVariables): string[] {
  return (variables['PATH'] ?? '').split(delimiter).filter((dir) => isAbsolute(dir));
}
