/** What programs are told of the release, here and on other machines. */

import { BackoutError } from '../../model/error.ts';
import type { ReleaseRef } from '../../ports/target.ts';

export function variablesFor({ tag, commit, artefact }: ReleaseRef): Record<string, string> {
  return {
    BACKOUT_TAG: tag,
    BACKOUT_COMMIT: commit,
    // Always there, so that a script with `set -u` may look at it.
    BACKOUT_ARTEFACT: artefact ?? '',
  };
}

/**
 * What asks for `{artefact}` needs one: without it, it would be given the word itself, or nothing,
 * and deploy who knows what.
 * @param texts arguments of programs, or inputs of a workflow
 * @throws BackoutError E_ARTEFACT_MISSING (refused)
 */
export function requireArtefact(
  name: string,
  texts: readonly string[],
  { tag, artefact }: ReleaseRef,
): void {
  if (artefact !== undefined) return;
  if (!texts.some((word) => word.includes('{artefact}'))) return;
  throw new BackoutError({
    code: 'E_ARTEFACT_MISSING',
    kind: 'refused',
    message: `${tag} cannot be deployed to ${name}: it asks for {artefact}, and none was recorded for it.`,
    state: `${name} was not touched.`,
    remedy: `Choose another release with \`backout assess\`, or say what it is: \`backout release record ${tag} --artefact ${name}=ID\`.`,
  });
}
