/** Finds the boundaries of a command's work from an undisturbed run, and kills at each of them. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Boundary } from './run-cli.ts';
import type { Site } from './site.ts';

const line = z.object({ event: z.string(), step: z.string().optional() });
/** The others are words for people, or come when all is over. */
const BOUNDARIES = [
  'execution-started',
  'step-started',
  'step-intended',
  'step-applied',
  'step-ended',
];

/** Runs the command undisturbed. @returns its boundaries in the order in which they came */
export async function findBoundaries(site: Site, command: string): Promise<Boundary[]> {
  const eventsFile = join(site.state, 'events.log');
  const { code, stderr } = await site.run(command, { eventsFile });
  if (code !== 0) throw new Error(`The undisturbed run ended with ${code}:\n${stderr}`);
  const text = await readFile(eventsFile, 'utf8');
  return text
    .trim()
    .split('\n')
    .map((row) => line.parse(JSON.parse(row)))
    .filter(({ event }) => BOUNDARIES.includes(event))
    .map(({ event, step }) => ({ event, ...(step === undefined ? {} : { step }) }));
}

export function describeBoundary({ event, step }: Boundary): string {
  return step === undefined ? event : `${event} of ${step}`;
}

/** Works through a list, some at a time: while one waits for a dead lease, others use the cores. */
export async function sideBySide<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
