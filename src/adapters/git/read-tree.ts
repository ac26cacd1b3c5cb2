import type { EnvironmentVariables } from '../../config/environment.ts';
import type { CommittedFiles, TreeFile } from '../../ports/migrations.ts';
import { requireTagFormat } from '../../model/release.ts';
import { readContents, readSizes } from './read-objects.ts';
import { type GitOptions, repositoryError, runGit } from './run-git.ts';

export interface CommittedFilesOptions {
  /** A clone, or any folder in it. Bare clones work too. */
  directory: string;
  env: EnvironmentVariables;
  /** Default `git`. */
  program?: string;
  /** Cap of one call of git in milliseconds. Default 20,000: the list of a very large repository. */
  timeoutMs?: number;
  /** Largest file that is read, in bytes. Default 5 MiB: migrations are written by people. */
  largest?: number;
}

const MIB = 1024 * 1024;
/** Contents asked for in one call: half of what one answer may have. */
const BATCH_BYTES = 32 * MIB;

/**
 * Reads files from git's objects: one process lists a commit, one learns the sizes, one hands out
 * the contents, whatever the number of files. Nothing is fetched: what is not here is an error.
 *
 * @throws BackoutError from every method: E_GIT_MISSING, E_GIT_TIMEOUT (retryable), E_REPOSITORY
 */
export function committedFiles(options: CommittedFilesOptions): CommittedFiles {
  const largest = options.largest ?? 5 * MIB;
  const git = openGit(options);
  return {
    async list(commit) {
      const args = ['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', commit];
      const answer = await runGit(git, args);
      if (answer.code !== 0) throw repositoryError(git, `git says: ${answer.complaint}`);
      return answer.stdout.toString('utf8').split('\0').flatMap(parseEntry);
    },

    async read(ids) {
      const wanted = [...new Set(ids)];
      const sizes = await readSizes(git, wanted);
      const found = new Map<string, Uint8Array | string>();
      const small = wanted.filter((id, index) => {
        const size = sizes[index];
        if (size === undefined) throw repositoryError(git, `the content ${id} is not there`);
        if (size <= largest) return true;
        found.set(
          id,
          `It has ${(size / MIB).toFixed(1)} MiB; up to ${largest / MIB} MiB are read.`,
        );
        return false;
      });
      const sizeOf = new Map(wanted.map((id, index) => [id, sizes[index] ?? 0]));
      for (const batch of inBatches(small, sizeOf)) {
        const contents = await readContents(git, batch);
        for (const [index, id] of batch.entries()) {
          const content = contents[index]?.content;
          if (content === undefined) throw repositoryError(git, `the content ${id} is not there`);
          found.set(id, content);
        }
      }
      return found;
    },
  };
}

function openGit({ directory, env, program, timeoutMs }: CommittedFilesOptions): GitOptions {
  return {
    directory,
    // A partial clone would ask its server for what is missing.
    env: { ...env, GIT_NO_LAZY_FETCH: '1' },
    program: program ?? 'git',
    timeoutMs: timeoutMs ?? 20_000,
  };
}

/** A file that differs between two commits; undefined where it is not there. */
export interface ChangedFile {
  path: string;
  before: TreeFile | undefined;
  after: TreeFile | undefined;
}

/**
 * The files that differ between two commits, in no more time than what changed takes: folders that
 * are the same are not looked into.
 * @throws BackoutError E_GIT_MISSING, E_GIT_TIMEOUT (retryable), E_REPOSITORY
 */
export async function changedFiles(
  options: CommittedFilesOptions,
  from: string,
  to: string,
): Promise<ChangedFile[]> {
  const git = openGit(options);
  for (const commit of [from, to]) requireTagFormat(commit);
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--full-index', from, to];
  const answer = await runGit(git, [...args, '--']);
  if (answer.code !== 0) throw repositoryError(git, `git says: ${answer.complaint}`);
  const parts = answer.stdout.toString('utf8').split('\0');
  const changed: ChangedFile[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [, before, after, old, now] =
      /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) /.exec(parts[at] ?? '') ?? [];
    const path = parts[at + 1] ?? '';
    if (before === undefined || after === undefined) continue;
    const file = (mode: string, id = ''): TreeFile | undefined =>
      mode === NOT_THERE ? undefined : { path, id, kind: kindOf(mode) };
    changed.push({ path, before: file(before, old), after: file(after, now) });
  }
  return changed;
}

const NOT_THERE = '000000';

/** `<mode> <type> <id>\t<path>` */
function parseEntry(line: string): TreeFile[] {
  const match = /^(\d{6}) (?:blob|commit|tree) ([0-9a-f]{40,64})\t([^]+)$/.exec(line);
  const [, mode = '', id, path] = match ?? [];
  if (id === undefined || path === undefined) return [];
  return [{ path, id, kind: kindOf(mode) }];
}

function kindOf(mode: string): TreeFile['kind'] {
  if (mode === '160000') return 'repository';
  return mode === '120000' ? 'link' : 'file';
}

function inBatches(ids: readonly string[], sizeOf: ReadonlyMap<string, number>): string[][] {
  const batches: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const id of ids) {
    const size = sizeOf.get(id) ?? 0;
    if (bytes + size > BATCH_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(id);
    bytes += size;
  }
  return batches;
}
