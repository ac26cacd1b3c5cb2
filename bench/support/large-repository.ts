/**
 * A repository of a service that is ten years old, the same bytes on every machine: written as one
 * stream to `git fast-import`, because 100,000 calls of `git commit` take an hour.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface RepositorySize {
  tags: number;
  commits: number;
}

export interface LargeRepositoryOptions extends RepositorySize {
  /** Exists, and is empty. */
  directory: string;
  /** Variables for git. */
  env: Record<string, string | undefined>;
  /** Files that are there from the first commit on, by path. */
  files: Readonly<Record<string, string>>;
  /** Files that only come with the last commit, which the newest tag is on. */
  lastFiles: Readonly<Record<string, string>>;
}

/** Between two commits, in seconds: 100,000 of them are a little over nine years. */
const COMMIT_EVERY_S = 3_000;
const FIRST_AT_S = Date.UTC(2016, 0, 1) / 1000;
const CHUNK_CHARACTERS = 1_000_000;

/**
 * Builds it with a commit graph, and a file for each tag as after `git tag`. Tags are even over the
 * history, every second one annotated; every hundredth commit is a merge.
 */
export async function buildLargeRepository(options: LargeRepositoryOptions): Promise<void> {
  const { directory, env } = options;
  const git = (...args: string[]): Promise<void> => runGit(options, args);
  await git('init', '--quiet', '--initial-branch=main');
  const importer = spawn('git', ['-C', directory, 'fast-import', '--quiet', '--done'], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(importer, 'close');
  await pipeline(Readable.from(chunks(stream(options))), importer.stdin);
  await ended;
  if (importer.exitCode !== 0) throw new Error(`git fast-import ended with ${importer.exitCode}.`);
  await git('commit-graph', 'write', '--reachable');
  await git('reset', '--quiet', '--hard');
}

/** One file for all tags, as a fresh clone has it, and as `git gc` leaves it. */
export async function packReferences(place: Pick<LargeRepositoryOptions, 'directory' | 'env'>) {
  await runGit(place, ['pack-refs', '--all']);
}

async function runGit(
  { directory, env }: Pick<LargeRepositoryOptions, 'directory' | 'env'>,
  args: readonly string[],
): Promise<void> {
  const child = spawn('git', ['-C', directory, ...args], { env, stdio: 'ignore' });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`git ${args.join(' ')} ended with ${child.exitCode}.`);
}

/** Name of the tag with a number, from 1: `v0.0.1` … `v1.0.0` is the 10,000th. */
export function tagName(number: number): string {
  return `v${Math.floor(number / 10_000)}.${Math.floor(number / 100) % 100}.${number % 100}`;
}

function* stream({ tags, commits, files, lastFiles }: LargeRepositoryOptions): Generator<string> {
  const every = commits / tags;
  for (let number = 1; number <= commits; number += 1) {
    const at = FIRST_AT_S + number * COMMIT_EVERY_S;
    const more = number === 1 ? files : number === commits ? lastFiles : {};
    const content = { ...more, ...partOf(number) };
    const merged = number % 100 === 0 ? `merge :${number - 50}\n` : '';
    yield (
      `commit refs/heads/main\nmark :${number}\ncommitter ${person(at)}\n` +
        `${data(`Change ${number}`)}${merged}${Object.entries(content).map(inline).join('')}`
    );
    if (number % every !== 0) continue;
    const name = tagName(number / every);
    yield (number / every) % 2 === 0
      ? `reset refs/tags/${name}\nfrom :${number}\n\n`
      : `tag ${name}\nfrom :${number}\ntagger ${person(at)}\n${data(`Release ${name}`)}`;
  }
  yield 'done\n';
}

/** 1,261 files in 97 folders, changed in turn. */
function partOf(number: number): Record<string, string> {
  return { [`src/part-${number % 97}/file-${number % 13}.txt`]: `${number}\n` };
}

const person = (at: number): string => `Bench <bench@example.com> ${at} +0000`;
const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
const inline = ([path, content]: [string, string]): string =>
  `M 100644 inline ${path}\n${data(content)}`;

/** In pieces that are worth a write. */
function* chunks(texts: Iterable<string>): Generator<string> {
  let waiting = '';
  for (const text of texts) {
    waiting += text;
    if (waiting.length < CHUNK_CHARACTERS) continue;
    yield waiting;
    waiting = '';
  }
  yield waiting;
}
