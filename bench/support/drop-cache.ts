import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const AT_ONCE = 8;

/**
 * Makes the system forget the content of files, so that the next read comes from the disk. It is
 * asked of the system file by file (posix_fadvise, which GNU dd hands through): emptying the whole
 * cache needs root, and would hit everybody else on the machine.
 * @returns false where this system cannot do it
 */
export async function dropFromCache(files: readonly string[]): Promise<boolean> {
  // Only what is on the disk already can be forgotten.
  await run('sync');
  const waiting = [...files];
  const worker = async (): Promise<void> => {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      await run('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return true;
  } catch {
    return false;
  }
}

/** Every file below a folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}
