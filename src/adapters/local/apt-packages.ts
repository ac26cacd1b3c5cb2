/**
 * The distribution's packages without installing them: own lists, own cache, and a status file
 * that says "nothing is installed", so that libraries the machine happens to have are fetched too.
 * Needs no root and leaves the machine's package database untouched.
 */

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvironmentVariables } from '../../config/environment.ts';
import { runProgram } from './run-program.ts';

/** A place for one download; all of it can be deleted afterwards. */
export interface AptWorkspace {
  dir: string;
  options: readonly string[];
  variables: EnvironmentVariables;
}

/** Milliseconds. A slow mirror takes a minute for the lists and two for the packages. */
const limits = { lists: 180_000, resolve: 60_000, download: 400_000, extract: 120_000 };

/**
 * Not needed, or harmful: the C library and its loader must be the machine's own (a program and
 * its loader have to match), LLVM is 30 MB for a just-in-time compiler that we do without, and Perl
 * is for scripts that we do not run.
 */
const unwanted = /^(?:libc6|libc-bin|libc-l10n|libllvm\d.*|libz3-4|libperl.*|perl-modules.*)$/;

/** Prepares a workspace in `dir` and fetches the package lists. */
export async function openAptWorkspace(
  dir: string,
  variables: EnvironmentVariables,
): Promise<AptWorkspace> {
  const state = join(dir, 'state');
  const cache = join(dir, 'cache');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
  await writeFile(join(state, 'status'), '');
  const settings = {
    'Dir::State': state,
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': cache,
    'Dir::Log': dir,
    // As root, apt downloads as the account _apt, which cannot write here.
    'APT::Sandbox::User': 'root',
    'APT::Install-Recommends': 'false',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // Desktop catalogues that some machines fetch with the lists: 15 MB nobody asked for.
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled': 'false',
    'Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled': 'false',
  };
  const workspace = {
    dir,
    options: Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    variables: { ...variables, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  };
  await apt(workspace, 'apt-get', ['update', '-qq'], limits.lists).catch(() => {
    // One unreachable extra source makes the whole update fail although the distribution's own
    // lists arrived. Whether they did is found out by asking for the packages.
  });
  return workspace;
}

/**
 * Fetches a package with the libraries it needs and unpacks all of it into `root`.
 * @param entry the package to start from; may be one that only names others (`postgresql`)
 * @param wanted the packages, besides libraries, whose content we need
 * @throws {Error} when a package does not exist or cannot be fetched
 */
export async function unpackPackage(
  workspace: AptWorkspace,
  entry: string,
  wanted: RegExp,
  root: string,
): Promise<void> {
  const names = await closureOf(workspace, entry, wanted);
  const downloads = join(workspace.dir, `${entry}-downloads`);
  await mkdir(downloads, { recursive: true });
  await mkdir(root, { recursive: true });
  await apt(workspace, 'apt-get', ['download', '-qq', ...names], limits.download, downloads);
  for (const file of await readdir(downloads)) {
    await runProgram('dpkg-deb', ['-x', join(downloads, file), root], {
      env: workspace.variables,
      timeoutMs: limits.extract,
    });
  }
}

/** What apt would install on an empty machine, reduced to `wanted` and libraries. */
async function closureOf(
  workspace: AptWorkspace,
  entry: string,
  wanted: RegExp,
): Promise<string[]> {
  // One line per package: 'address' name_version_architecture.deb size checksum
  const install = ['install', '-y', '-qq', '--print-uris', entry];
  const listing = await apt(workspace, 'apt-get', install, limits.resolve);
  const names = [...listing.matchAll(/^'[^']*' ([^_\s]+)_/gm)].flatMap(([, name]) => name ?? []);
  if (!names.some((name) => wanted.test(name))) {
    throw new Error(`The package source has nothing to install for ${entry}.`);
  }
  const show = ['show', '--no-all-versions', ...names];
  const records = await apt(workspace, 'apt-cache', show, limits.resolve);
  const libraries = records
    .split('\n\n')
    // Ubuntu writes "universe/libs".
    .filter((record) => /^Section: (?:\w+\/)?libs$/m.test(record))
    .flatMap((record) => record.match(/^Package: (\S+)$/m)?.[1] ?? []);
  return [...new Set([...names.filter((name) => wanted.test(name)), ...libraries])].filter(
    (name) => !unwanted.test(name),
  );
}

async function apt(
  workspace: AptWorkspace,
  program: 'apt-get' | 'apt-cache',
  args: readonly string[],
  timeoutMs: number,
  cwd = workspace.dir,
): Promise<string> {
  const env = workspace.variables;
  return runProgram(program, [...workspace.options, ...args], { env, timeoutMs, cwd });
}
