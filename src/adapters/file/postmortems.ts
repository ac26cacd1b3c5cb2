import { join } from 'node:path';
import { BackoutError } from '../../model/error.ts';
import { requireIncidentName } from '../../model/names.ts';
import type { PostmortemStore } from '../../ports/postmortems.ts';
import { ensureDirectory, replaceFile } from './durable-write.ts';

/**
 * Postmortem drafts as `<directory>/<date>-<incident>.md`. `publish` also throws E_NAME (usage).
 */
export function filePostmortems(directory: string): PostmortemStore {
  return {
    async publish(incident, openedAt, markdown) {
      requireIncidentName(incident);
      const path = join(directory, `${dayOf(openedAt)}-${incident}.md`);
      try {
        await ensureDirectory(directory);
        await replaceFile(path, markdown);
      } catch (cause) {
        throw new BackoutError({
          code: 'E_POSTMORTEM_FILE',
          message: `The postmortem draft cannot be written to ${path}.`,
          state: 'The rollback itself is not affected; everything is in the journal.',
          remedy: 'Make the folder writable, then run `backout incident show` to read it.',
          cause,
        });
      }
      return path;
    },
  };
}

/** Read as a time, so that nothing else gets into the name of a file. */
function dayOf(openedAt: string): string {
  const time = Date.parse(openedAt);
  return Number.isNaN(time) ? 'undated' : new Date(time).toISOString().slice(0, 10);
}
