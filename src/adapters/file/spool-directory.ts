/**
 * A folder of journal entries that wait for the journal: one file each, complete or not there.
 *
 *     .new-<pid>-…                      being written; after a crash: left behind, perhaps half
 *     <time>-<count>-<hash>.json        durable, waits; sorted by name = in the order of appending
 *     corrupt/                          unreadable files, as they were found
 *     refused/                          entries that the journal will never take, with the reason
 *
 * Nothing here is ever deleted except an entry that is in the journal.
 */

import { chmod, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { NewEntry } from '../../model/journal.ts';
import { hashJson } from '../../model/json.ts';
import { waitingEntry } from '../waiting-entry.ts';
import { createFile, ensureDirectory, errorCode } from './durable-write.ts';

export interface SpooledEntry {
  /** Name of the file within the folder. */
  file: string;
  entry: NewEntry;
}

/** A file that was moved out of the way, and why. */
export interface SetAside {
  /** Where it is now. */
  path: string;
  why: string;
}

/** Counts the entries of this process: the order within one millisecond. */
let written = 0;
/** Keeps the names in order also when the wall clock is set back. */
let newestName = 0;

/**
 * Stores an entry durably: after this returns, a crash or a power cut does not lose it.
 * @param at milliseconds since 1970; never sorted before an entry of this process written earlier
 */
export async function writeSpooled(
  directory: string,
  entry: NewEntry,
  at: number,
): Promise<SpooledEntry> {
  newestName = Math.max(newestName, at);
  const order = `${digits(newestName, 15)}-${digits(written++, 8)}`;
  const file = `${order}-${hashJson(entry).slice(0, 16)}.json`;
  const text = JSON.stringify({ file, checksum: hashJson(entry), entry });
  try {
    await createFile(join(directory, file), text);
  } catch (error) {
    // The folder is made by the first entry: a machine that never needs it has none. Or another
    // process took our unfinished file for one of a dead process: then it is written anew.
    if (errorCode(error) !== 'ENOENT') throw error;
    await ensureDirectory(directory);
    await chmod(directory, 0o700); // entries name people
    await createFile(join(directory, file), text);
  }
  return { file, entry };
}

/** What waits, oldest first, and the names of complete files that cannot be read. */
export async function listSpooled(
  directory: string,
): Promise<{ entries: SpooledEntry[]; unreadable: string[] }> {
  const entries: SpooledEntry[] = [];
  const unreadable: string[] = [];
  for (const file of await namesOf(directory, isSpooledName)) {
    const text = await readIfThere(join(directory, file));
    if (text === undefined) continue; // drained by another process since we listed the folder
    const spooled = parseSpooled(text);
    if (spooled === undefined) unreadable.push(file);
    else entries.push({ file, entry: spooled.entry });
  }
  return { entries, unreadable };
}

/** Whether anything waits; much cheaper than reading it. */
export async function isSpoolEmpty(directory: string): Promise<boolean> {
  return (await namesOf(directory, isSpooledName)).length === 0;
}

/** Removes an entry that is in the journal. Another process may have done so. */
export async function removeSpooled(directory: string, file: string): Promise<void> {
  await rm(join(directory, file), { force: true });
}

/** Moves a file out of the way, with a note beside it that says why. */
export async function setAside(
  directory: string,
  file: string,
  kind: 'corrupt' | 'refused',
  why: string,
): Promise<SetAside[]> {
  const path = join(directory, kind, file);
  await mkdir(join(directory, kind), { recursive: true });
  try {
    await rename(join(directory, file), path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []; // another process was faster
    throw error;
  }
  await writeFile(`${path}.why.txt`, `${why}\n`);
  return [{ path, why }];
}

/**
 * Looks after the files that crashed processes left half-way: a complete one joins those that
 * wait (its process died before it could tell anybody), an incomplete one is set aside.
 */
export async function recoverUnfinished(directory: string): Promise<SetAside[]> {
  const aside: SetAside[] = [];
  for (const file of await namesOf(directory, (name) => unfinishedName.test(name))) {
    const path = join(directory, file);
    if (await mayStillBeWritten(path, Number(unfinishedName.exec(file)?.[1]))) continue;
    const text = await readIfThere(path);
    if (text === undefined) continue;
    const spooled = parseSpooled(text);
    if (spooled !== undefined) {
      await rename(path, join(directory, spooled.file)).catch(ignoreMissing);
      continue;
    }
    const why = 'The process that wrote this was killed before the entry was complete.';
    aside.push(...(await setAside(directory, file, 'corrupt', why)));
  }
  return aside;
}

/** The names durable-write.ts gives to what it has not finished. */
const unfinishedName = /^\.new-(\d+)-/;

async function mayStillBeWritten(path: string, pid: number): Promise<boolean> {
  if (pid === process.pid) {
    // In containers every run has the same id: files from before our start are another's.
    const found = await stat(path).catch(ignoreMissing);
    return found !== undefined && found.mtimeMs >= performance.timeOrigin;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

function isSpooledName(name: string): boolean {
  return name.endsWith('.json') && !name.startsWith('.');
}

async function namesOf(directory: string, wanted: (name: string) => boolean): Promise<string[]> {
  const names = (await readdir(directory).catch(ignoreMissing)) ?? [];
  return names.filter(wanted).toSorted();
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing);
}

/** A file in the place of the folder (or of one above it): nothing waits there either. */
function ignoreMissing(error: unknown): undefined {
  const code = errorCode(error);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  return undefined;
}

function digits(value: number, length: number): string {
  return String(Math.trunc(value)).padStart(length, '0');
}

/** The entry, or undefined when the file is torn, edited or not ours. */
function parseSpooled(text: string): z.infer<typeof spooledFile> | undefined {
  try {
    const parsed = spooledFile.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

const spooledFile = z
  .object({
    file: z.string().regex(/^[0-9a-f-]+\.json$/),
    checksum: z.string(),
    entry: waitingEntry,
  })
  .refine(({ checksum, entry }) => checksum === hashJson(entry));
