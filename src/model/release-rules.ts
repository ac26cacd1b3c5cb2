/** The refusals of every store of release records. */

import { BackoutError } from './error.ts';
import type { ReleaseDetails, ReleaseStatus } from './release.ts';
import { type Scope, describeScope } from './scope.ts';

export function tagMoved(scope: Scope, tag: string, recorded: string, given: string): BackoutError {
  return new BackoutError({
    code: 'E_TAG_MOVED',
    kind: 'refused',
    message: `The tag ${tag} was moved: it was deployed to ${describeScope(scope)} as commit ${recorded.slice(0, 10)}, and now it stands for ${given.slice(0, 10)}.`,
    state: 'The record of the first commit stands; nothing was changed.',
    remedy: `Put the tag back where it was (\`git tag -f ${tag} ${recorded}\`), or release the new commit under a new tag.`,
  });
}

/** Only bad again may follow bad: what was found broken must not become good by a late message. */
export function releaseBad(scope: Scope, tag: string, wanted: ReleaseStatus): BackoutError {
  return new BackoutError({
    code: 'E_RELEASE_BAD',
    kind: 'refused',
    message: `${tag} was found bad on ${describeScope(scope)}; it does not become ${wanted} by saying so.`,
    state: `${tag} stays bad, and nobody goes back to it.`,
    remedy: `See why with \`backout release list\`. If it was a mistake, end it first: \`backout release unhold ${tag}\`, then do the same again.`,
  });
}

export function releaseUnknown(scope: Scope, tag: string): BackoutError {
  return new BackoutError({
    code: 'E_RELEASE_UNKNOWN',
    kind: 'refused',
    message: `No release ${tag} was ever recorded for ${describeScope(scope)}.`,
    remedy: 'Copy the tag from `backout assess`, which lists the recorded releases.',
  });
}

/** What is known of a release after it was said again: the newer word counts, artefacts add up. */
export function mergeDetails(
  older: ReleaseDetails | undefined,
  newer: ReleaseDetails | undefined,
): ReleaseDetails | undefined {
  if (older === undefined || newer === undefined) return newer ?? older;
  const artefacts = { ...older.artefacts, ...newer.artefacts };
  return {
    ...older,
    ...newer,
    ...(Object.keys(artefacts).length === 0 ? {} : { artefacts }),
  };
}
