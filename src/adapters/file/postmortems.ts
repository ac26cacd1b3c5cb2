import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackoutError } from '../../model/error.ts';
import { requireIncidentName } from '../../model/names.ts';
import type { PostmortemStore } from '../../ports/postmortems.ts';
import { ensureDirectory, errorCode, replaceFile } from './durable-write.ts';

/** More edited drafts of one incident than people write; a bound for the search. */
const MOST_DRAFTS = 100;

/**
 * Postmortem drafts as `<directory>/<date>-<incident>.md`. The last line carries the hash of what
 * we wrote: a draft that a person has edited since is theirs and stays, and ours becomes
 * `…-2.md`, `…-3.md` and so on. `publish` also throws E_NAME (usage).
 */
export function filePostmortems(directory: string): PostmortemStore {
  return {
    async publish(incident, openedAt, markdown) {
      requireIncidentName(incident);
      const name = `${dayOf(openedAt)}-${incident}`;
      try {
        await ensureDirectory(directory);
        const path = await findPlace(directory, name);
        await replaceFile(path, sign(markdown));
        return path;
      } catch (cause) {
        throw new BackoutError({
          code: 'E_POSTMORTEM_FILE',
          message: `The postmortem draft cannot be written to ${join(directory, `${name}.md`)}.`,
          state: 'The rollback itself is not affected; everything is in the journal.',
          remedy: 'Make the folder writable, then run `backout incident show` to read it.',
          cause,
        });
      }
    },
  };
}

/** The first place where there is nothing, or nothing but our own words. */
async function findPlace(directory: string, name: string): Promise<string> {
  for (let number = 1; number <= MOST_DRAFTS; number += 1) {
    const path = join(directory, number === 1 ? `${name}.md` : `${name}-${number}.md`);
    const text = await readIfThere(path);
    if (text === undefined || isOurs(text)) return path;
  }
  throw new Error(`there are ${MOST_DRAFTS} edited drafts of it already`);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Adds the last line, which Markdown does not show. */
function sign(markdown: string): string {
  const text = markdown.endsWith('\n') ? markdown : `${markdown}\n`;
  return `${text}${lastLine(text)}`;
}

function isOurs(text: string): boolean {
  const start = text.lastIndexOf('\n', text.length - 2) + 1;
  return text.slice(start) === lastLine(text.slice(0, start));
}

function lastLine(text: string): string {
  return `<!-- backout: ${createHash('sha256').update(text).digest('hex')} -->\n`;
}

/** Read as a time, so that nothing else gets into the name of a file. */
function dayOf(openedAt: string): string {
  const time = Date.parse(openedAt);
  return Number.isNaN(time) ? 'undated' : new Date(time).toISOString().slice(0, 10);
}
