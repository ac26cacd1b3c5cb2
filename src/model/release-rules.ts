/** The refusals of every store of release records. */

import { BackoutError } from './error.ts';
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

export function releaseUnknown(scope: Scope, tag: string): BackoutError {
  return new BackoutError({
    code: 'E_RELEASE_UNKNOWN',
    kind: 'refused',
    message: `No release ${tag} was ever recorded for ${describeScope(scope)}.`,
    remedy: 'Copy the tag from `backout assess`, which lists the recorded releases.',
  });
}
