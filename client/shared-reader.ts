/**
 * One process of a host reads the parameter store for all that follow the same service: what it
 * found is in a folder, and the others read that.
 *
 *     <folder>/look.json       who reads, when it looked last, the overrides, the stamp of the values
 *     <folder>/values.json     base and safe values, written only when they changed
 *     <folder>/reader.<n>      who became the reader as number n; the highest one is it
 *
 * Nobody holds a lock. Whoever finds that the last look is too old, or that the process that took
 * it is gone, creates the next number, which only one can. A reader that was stopped and goes on
 * sees the higher number before it writes, and follows from then on. Should both write once, both
 * wrote what is in the store.
 */

import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createFile, replaceFile } from '../src/adapters/file/durable-write.ts';
import { type DocumentText, parseRecord } from '../src/model/flag-documents.ts';

type Documents = Readonly<Record<string, DocumentText>>;

/** Base and safe values by file name, as of one reading. */
export interface StoredValues {
  /** Another one for each reading. */
  stamp: string;
  base: Documents;
  safe: Documents;
}

/** What one look at the store found; without values while they have not been read. */
export interface StoreLook {
  overrides: Documents;
  values?: StoredValues;
}

export interface SharedReaderOptions {
  /** Of this service and environment, on this host. Made, for this user alone, if it is not there. */
  folder: string;
  /** A look is too old after this many milliseconds. */
  staleMs: number;
  /** Asks the store itself. */
  look: () => Promise<StoreLook>;
}

export interface SharedReader {
  /** @throws Error what the reader met, or that the folder cannot be trusted or used */
  look(): Promise<StoreLook>;
  /** Lets another process take over at once. */
  close(): Promise<void>;
}

/** The stored form of a look. */
interface Shared {
  reader: number;
  host: string;
  pid: number;
  /** Milliseconds since 1970, by the clock of this host. */
  at: number;
  /** What the reader met, instead of a look. */
  problem?: string;
  overrides: Documents;
  stamp?: string;
}

/** Somebody has just become the reader: its first look takes about as long as a start may take. */
const FIRST_LOOK_MS = 1_500;
const BETWEEN_MS = 50;

export function shareReader({ folder, staleMs, look }: SharedReaderOptions): SharedReader {
  const paths = { look: join(folder, 'look.json'), values: join(folder, 'values.json') };
  /** Our number while we are the reader. */
  let mine: number | undefined;
  let written: string | undefined;
  let known: StoredValues | undefined;

  async function readAsReader(reader: number): Promise<StoreLook> {
    const own = { reader, host: hostname(), pid: process.pid };
    const found = await look().catch(async (error: unknown) => {
      const problem = error instanceof Error ? error.message : String(error);
      await write({ ...own, at: Date.now(), problem, overrides: {} });
      throw error;
    });
    const { overrides, values } = found;
    if (values !== undefined && values.stamp !== written) {
      await replaceFile(paths.values, JSON.stringify(values));
      written = values.stamp;
    }
    const stamp = values === undefined ? {} : { stamp: values.stamp };
    await write({ ...own, at: Date.now(), overrides, ...stamp });
    return found;
  }

  async function write(shared: Shared): Promise<void> {
    if ((await newestReader(folder)) === shared.reader) {
      await replaceFile(paths.look, JSON.stringify(shared));
    } else mine = undefined;
  }

  async function follow(shared: Shared): Promise<StoreLook> {
    if (shared.problem !== undefined) throw new Error(shared.problem);
    const { overrides, stamp } = shared;
    if (stamp !== undefined && known?.stamp !== stamp) {
      known = parseValues(await readText(paths.values)) ?? known;
    }
    return known === undefined ? { overrides } : { overrides, values: known };
  }

  /** True when we are the reader now. */
  async function becomeReader(after: number): Promise<boolean> {
    if (!(await createFile(join(folder, `reader.${after + 1}`), String(process.pid)))) return false;
    mine = after + 1;
    written = undefined;
    await forgetReaders(folder, mine);
    return true;
  }

  return {
    async look() {
      await requireOwnFolder(folder);
      const until = performance.now() + FIRST_LOOK_MS;
      for (;;) {
        const newest = await newestReader(folder);
        if (mine !== undefined && mine === newest) return await readAsReader(mine);
        mine = undefined;
        const shared = parseShared(await readText(paths.look));
        // One that was stopped may have written after its successor's claim: then it is nobody's.
        const isLive = shared !== undefined && isFresh(shared, staleMs) && !isGone(shared);
        if (isLive) return await follow(shared);
        const isStarting =
          newest > (shared?.reader ?? 0) && (await isYoung(join(folder, `reader.${newest}`)));
        if (isStarting && performance.now() < until) {
          await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
        } else if (isStarting) return await look();
        else await becomeReader(newest);
      }
    },
    async close() {
      if (mine === undefined) return;
      const shared = parseShared(await readText(paths.look));
      if (shared?.reader === mine) {
        await replaceFile(paths.look, JSON.stringify({ ...shared, at: 0 }));
      }
      mine = undefined;
    },
  };
}

/**
 * Whoever can write there decides what our flags are.
 * @throws Error when that is not this user alone
 */
async function requireOwnFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(folder);
  const isOurs = process.getuid === undefined || uid === process.getuid();
  if (isOurs && (mode & 0o022) === 0) return;
  throw new Error(`${folder} can be written by others than this user, so it is not used.`);
}

async function newestReader(folder: string): Promise<number> {
  const names = await readdir(folder);
  return Math.max(0, ...names.map((name) => Number(/^reader\.(\d{1,9})$/.exec(name)?.[1] ?? 0)));
}

async function forgetReaders(folder: string, below: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const number = Number(/^reader\.(\d{1,9})$/.exec(name)?.[1] ?? below);
    if (number < below) await rm(join(folder, name), { force: true });
  }
}

function isFresh({ at }: Shared, staleMs: number): boolean {
  const age = Date.now() - at;
  // A clock that was set back: an age that is negative says nothing.
  return age >= -staleMs && age <= staleMs;
}

/** Another host name may be another container, whose processes we do not see. */
function isGone({ host, pid }: Shared): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/** Became the reader so short a time ago that its first look may be under way. */
async function isYoung(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return Date.now() - mtimeMs < 2 * FIRST_LOOK_MS;
}

async function readText(path: string): Promise<DocumentText> {
  return await readFile(path, 'utf8').catch(() => null);
}

function parseShared(text: DocumentText): Shared | undefined {
  const record = parseRecord(text);
  if (record === undefined) return undefined;
  const { reader, host, pid, at, problem, stamp } = record;
  const overrides = parseDocuments(record['overrides']);
  if (typeof reader !== 'number' || typeof pid !== 'number' || typeof at !== 'number')
    return undefined;
  if (typeof host !== 'string' || overrides === undefined) return undefined;
  return {
    reader,
    host,
    pid,
    at,
    overrides,
    ...(typeof problem === 'string' ? { problem } : {}),
    ...(typeof stamp === 'string' ? { stamp } : {}),
  };
}

function parseValues(text: DocumentText): StoredValues | undefined {
  const record = parseRecord(text);
  const { stamp } = record ?? {};
  const [base, safe] = [parseDocuments(record?.['base']), parseDocuments(record?.['safe'])];
  if (typeof stamp !== 'string' || base === undefined || safe === undefined) return undefined;
  return { stamp, base, safe };
}

function parseDocuments(value: unknown): Documents | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const documents: Record<string, DocumentText> = {};
  for (const [name, text] of Object.entries<unknown>({ ...value })) {
    if (typeof text !== 'string' && text !== null) return undefined;
    documents[name] = text;
  }
  return documents;
}
