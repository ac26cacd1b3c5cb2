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
 * A program with `{artefact}` in its arguments needs one: called without it, it would be given the
 * word itself, or nothing, and deploy who knows what.
 * @throws BackoutError E_ARTEFACT_MISSING (refused)
 */
export function requireArtefact(
  name: string,
  commands: { preflight?: readonly string[] | undefined; deploy: readonly string[] },
  { tag, artefact }: ReleaseRef,
): void {
  if (artefact !== undefined) return;
  const words = [...(commands.preflight ?? []), ...commands.deploy];
  if (!words.some((word) => word.includes('{artefact}'))) return;
  throw new BackoutError({
    code: 'E_ARTEFACT_MISSING',
    kind: 'refused',
    message: `${tag} cannot be deployed to ${name}: its programs ask for {artefact}, and none was recorded for it.`,
    state: `${name} was not touched.`,
    remedy: `Choose another release with \`backout assess\`, or say what it is: \`backout release record ${tag} --artefact ${name}=ID\`.`,
  });
}
