/**
 * Writing files so that after any crash there is the old content or the new content, never a part
 * of it: a temporary file in the same folder is filled and forced to disk before it gets its name,
 * and the folder is forced to disk after it.
 */

import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Replaces the file, or creates it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = await writeTemporary(dirname(path), text);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Creates the file. False when there is one already; that one is left as it is. */
export async function createFile(path: string, text: string): Promise<boolean> {
  const temporary = await writeTemporary(dirname(path), text);
  try {
    // link, unlike rename, never replaces anything.
    await link(temporary, path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dirname(path));
  return true;
}

/** Creates the folder with its parents, so that it survives a power cut. */
export async function ensureDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

/** `ENOENT` and the like; undefined when it is another kind of error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** The name begins with a dot: readers skip it, also when a crash leaves it behind. */
async function writeTemporary(directory: string, text: string): Promise<string> {
  const path = join(directory, `.new-${process.pid}-${randomBytes(6).toString('hex')}`);
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  await file.close();
  return path;
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a folder for this, and NTFS journals names by itself.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
