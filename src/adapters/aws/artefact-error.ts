/** The two refusals of a release that cannot be had as it is wanted. */

import { BackoutError } from '../../model/error.ts';
import type { ReleaseRef } from '../../ports/target.ts';

/** @param why as the end of a sentence, without its full stop */
export function artefactMissing(name: string, why: string, { tag }: ReleaseRef): BackoutError {
  return new BackoutError({
    code: 'E_ARTEFACT_MISSING',
    kind: 'refused',
    message: `${tag} cannot be deployed to ${name}: ${why}.`,
    state: `${name} was not touched.`,
    remedy:
      'Choose another release with `backout assess`, or say on AWS which one it is: docs/targets.md says how.',
  });
}

/**
 * The record of the release and the platform name two different things: one of them is wrong, and
 * deploying either would be a guess.
 * @param why as the end of a sentence, without its full stop
 */
export function artefactMismatch(name: string, why: string, release: ReleaseRef): BackoutError {
  const { tag, artefact = '' } = release;
  return new BackoutError({
    code: 'E_ARTEFACT_MISMATCH',
    kind: 'refused',
    message: `${tag} was recorded as ${artefact} on ${name}, and that does not fit: ${why}.`,
    state: `${name} was not touched.`,
    remedy: `Choose another release with \`backout assess\`. If the record is wrong, correct it: \`backout release record ${tag} --artefact ${name}=ID\`.`,
  });
}
