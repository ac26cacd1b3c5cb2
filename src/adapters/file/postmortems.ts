import { join } from 'node:path';
import { BackoutError } from '../../model/error.ts';
import type { PostmortemStore } from '../../ports/postmortems.ts';
import { ensureDirectory, replaceFile } from './durable-write.ts';

/** Postmortem drafts as `<directory>/<date>-<incident>.md`. */
export function filePostmortems(directory: string): PostmortemStore {
  return {
    async publish(incident, openedAt, markdown) {
      const path = join(directory, `${openedAt.slice(0, 10)}-${incident}.md`);
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
