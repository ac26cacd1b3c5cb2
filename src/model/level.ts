import { BackoutError } from './error.ts';

/** The ladder, lowest first. The lowest level that can fix it goes first. */
export const LEVELS = ['flags', 'application', 'database'] as const;

export type Level = (typeof LEVELS)[number];

/** Reads a level as a person typed it. @throws BackoutError E_LEVEL */
export function parseLevel(text: string): Level {
  const level = LEVELS.find((candidate) => candidate === text);
  if (level !== undefined) return level;
  throw new BackoutError({
    code: 'E_LEVEL',
    kind: 'usage',
    message: `The level must be flags, application or database; got ${JSON.stringify(text)}.`,
    remedy: 'Name one of the three. Start with the lowest that can help: flags.',
  });
}
