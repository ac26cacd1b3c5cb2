/**
 * Which run this machine started last. GitHub does not say who started a run in a way that tells
 * two users of one token apart, and a run need not have a name that does. Whoever resumes on this
 * machine knows by this file that a run is ours; on another machine the run's name has to say it.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ensureDirectory, replaceFile } from '../file/durable-write.ts';

interface Place {
  name: string;
  stateDirectory: string;
}

const stored = z.object({ run: z.int().min(1) });

const fileOf = ({ name, stateDirectory }: Place): string =>
  join(stateDirectory, `${encodeURIComponent(name)}.run.json`);

/** Undefined when none was started here, or the file cannot be read: then nothing is taken for ours. */
export async function readStarted(place: Place): Promise<number | undefined> {
  try {
    const text = await readFile(fileOf(place), 'utf8');
    const parsed = stored.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.run : undefined;
  } catch {
    return undefined;
  }
}

/** Never throws: the run is under way, and must be followed whatever this disk says. */
export async function writeStarted(place: Place, run: number): Promise<void> {
  try {
    await ensureDirectory(place.stateDirectory);
    await replaceFile(fileOf(place), `${JSON.stringify({ run })}\n`);
  } catch {
    // Then a resume has to go by the run's name.
  }
}
