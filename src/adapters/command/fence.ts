/**
 * The fence of a target: the highest lease number that has come by, kept where the deploying is
 * done. A holder that slept through the end of its lease (a stopped process, a suspended laptop)
 * still believes in it; its next change arrives here with a lower number and is refused.
 *
 * Two fences, because each covers what the other cannot:
 * - This one works with any deploy program, but looks before the program starts. A holder that is
 *   overtaken between here and the program's actual change is not noticed, nor is one that deploys
 *   from another machine, which has another folder.
 * - The deploy program may compare BACKOUT_FENCE at the thing it changes, at the moment it changes
 *   it, and exit with 76. That closes both gaps, but only where somebody wrote it.
 *
 *     old holder (fence 6)   ──┤ stopped ├──────────────── apply: marks 6, sees 7 ── refused
 *     new holder (fence 7)        apply: marks 7, sees 7 ── deploys
 *
 * One empty file per number in `<folder>/<target>.fence/`, instead of one file with a number in it
 * under a lock: creating a file is atomic, so there is no lock to be left behind by a killed
 * process, and no content to be torn. Each caller first makes its mark and then looks for a higher
 * one; of two at the same time the lower always sees the higher, or was there first.
 */

import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BackoutError, describeCause } from '../../model/error.ts';

/**
 * Marks `fence` as seen. The same number may come again: it is the same holder, resuming.
 * @throws BackoutError E_FENCED (refused) when a higher one was here; E_FENCE (refused) when that
 * cannot be told, which counts as a no
 */
export async function passFence(folder: string, target: string, fence: number): Promise<void> {
  const marks = marksOf(folder, target);
  if (!Number.isSafeInteger(fence) || fence < 0) {
    throw fenceError(marks, `${fence} is not a lease number`);
  }
  let numbers: number[];
  try {
    await mark(marks, fence);
    numbers = numbersIn(await readdir(marks));
  } catch (error) {
    throw fenceError(marks, describeCause(error), error);
  }
  const highest = Math.max(...numbers);
  if (highest > fence) throw fenced(target, fence, highest, marks);
  // Only housekeeping, and only numbers that are lower than one that stays.
  const lower = numbers.filter((number) => number < fence);
  await Promise.all(lower.map((number) => rm(join(marks, String(number)), { force: true })));
}

/** The highest number that came by here; 0 when none did. @throws BackoutError E_FENCE (refused) */
export async function highestFence(folder: string, target: string): Promise<number> {
  const marks = marksOf(folder, target);
  try {
    return Math.max(0, ...numbersIn(await readdir(marks)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw fenceError(marks, describeCause(error), error);
  }
}

const marksOf = (folder: string, target: string): string =>
  join(folder, `${encodeURIComponent(target)}.fence`);

const numbersIn = (names: readonly string[]): number[] =>
  names.filter((name) => /^\d{1,16}$/.test(name)).map(Number);

/** Durable before the deploy program starts: a power cut must not bring an old holder back in. */
async function mark(marks: string, fence: number): Promise<void> {
  await mkdir(marks, { recursive: true });
  await (await open(join(marks, String(fence)), 'a')).close();
  const folder = await open(marks, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function fenced(target: string, fence: number, highest: number, marks: string): BackoutError {
  return new BackoutError({
    code: 'E_FENCED',
    kind: 'refused',
    message: `A newer rollback (lease number ${highest}) has taken over ${target}; ours is number ${fence}.`,
    state: `We changed nothing on ${target}; what the newer one does is its own business.`,
    remedy:
      'Look at what is going on with `backout incident list`. Do not force it. Only if the ' +
      `lease database was restored to an older state: remove ${marks} and try again.`,
  });
}

function fenceError(marks: string, problem: string, cause?: unknown): BackoutError {
  return new BackoutError({
    code: 'E_FENCE',
    kind: 'refused',
    message: `Whether a newer rollback has taken over cannot be told from ${marks}: ${problem}.`,
    remedy: 'Make that folder writable for the user running Backout, then try again.',
    ...(cause === undefined ? {} : { cause }),
  });
}
