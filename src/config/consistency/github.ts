import type { Finding } from '../explain.ts';
import type { Path } from '../problems.ts';
import { block } from '../raw.ts';

/** A finding when nothing says which repository on GitHub is meant. */
export function needsGithub(raw: unknown, path: Path): Finding[] {
  if (block(raw, 'repository')['github'] !== undefined) return [];
  return [
    {
      path,
      message: 'this needs a repository on GitHub, and none is named',
      remedy: 'Add github: owner/name to the section repository.',
    },
  ];
}
