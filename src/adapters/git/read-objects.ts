import { type GitOptions, repositoryError, runGit } from './run-git.ts';

export interface GitObject {
  /** Full name, 40 or 64 hexadecimal digits. */
  name: string;
  type: string;
}

export interface GitContent extends GitObject {
  content: Buffer;
}

/**
 * What the names stand for, in their order; undefined for those that stand for nothing, or for more
 * than one thing. One process for any number of names, and names go in as lines, never as
 * arguments. They must not contain line breaks.
 */
export async function readObjects(
  options: GitOptions,
  names: readonly string[],
): Promise<(GitObject | undefined)[]> {
  if (names.length === 0) return [];
  const { stdout } = await catFile(options, '--batch-check', names);
  const lines = stdout.toString('utf8').split('\n');
  return names.map((_, index) => parseHeader(lines[index] ?? '')?.object);
}

/** Sizes in bytes of what the names stand for; undefined for those that stand for nothing. */
export async function readSizes(
  options: GitOptions,
  names: readonly string[],
): Promise<(number | undefined)[]> {
  if (names.length === 0) return [];
  const { stdout } = await catFile(options, '--batch-check', names);
  const lines = stdout.toString('utf8').split('\n');
  return names.map((_, index) => parseHeader(lines[index] ?? '')?.size);
}

/** As {@link readObjects}, with the contents. */
export async function readContents(
  options: GitOptions,
  names: readonly string[],
): Promise<(GitContent | undefined)[]> {
  const { stdout } = await catFile(options, '--batch', names);
  let position = 0;
  return names.map(() => {
    const end = stdout.indexOf(0x0a, position);
    const header = parseHeader(stdout.toString('utf8', position, end < 0 ? undefined : end));
    const start = end < 0 ? stdout.length : end + 1;
    if (header === undefined) {
      position = start;
      return undefined;
    }
    const content = stdout.subarray(start, start + header.size);
    // A line break follows the content.
    position = start + header.size + 1;
    return { ...header.object, content };
  });
}

async function catFile(
  options: GitOptions,
  mode: string,
  names: readonly string[],
): Promise<{ stdout: Buffer }> {
  const answer = await runGit(options, ['cat-file', mode], `${names.join('\n')}\n`);
  if (answer.code === 0) return answer;
  throw repositoryError(options, `git says: ${answer.complaint}`);
}

/** `<name> <type> <size>`; anything else is `<what was asked> missing` or `… ambiguous`. */
function parseHeader(line: string): { object: GitObject; size: number } | undefined {
  const match = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/.exec(line);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { object: { name: match[1], type: match[2] }, size: Number(match[3]) };
}
