import type { SelectedConfig } from '../config/select.ts';
import { BackoutError } from '../model/error.ts';
import {
  artefactFormat,
  type FlagType,
  isArtefactFormat,
  type ReleaseDetails,
} from '../model/release.ts';

/** What `backout.yml` says that the code of a release relies on. */
export function detailsOfConfig(
  { flags, releases }: Pick<SelectedConfig, 'flags' | 'releases'>,
  configHash: string,
): ReleaseDetails {
  const types = Object.values(flags.groups).flatMap((group) =>
    Object.entries(group.flags).map(([name, { default: value }]) => [name, typeOf(value)] as const),
  );
  const needs = releases.required_secrets;
  return {
    flags: Object.fromEntries(types),
    configHash,
    ...(needs.length === 0 ? {} : { needs: [...needs] }),
  };
}

function typeOf(value: boolean | number | string): FlagType {
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'number' ? 'number' : 'string';
}

/**
 * The version of the database's schema, as it was typed.
 * @throws BackoutError E_SCHEMA_VERSION (usage)
 */
export function readSchemaVersion(
  typed: string | undefined,
): Pick<ReleaseDetails, 'schemaVersion'> {
  if (typed === undefined) return {};
  if (/^[\x21-\x7e]{1,200}$/.test(typed)) return { schemaVersion: typed };
  throw new BackoutError({
    code: 'E_SCHEMA_VERSION',
    kind: 'usage',
    message: `${JSON.stringify(typed.slice(0, 80))} is not the version of a schema: 1 to 200 letters, digits and signs, no blanks.`,
    remedy: 'Give it as the migration tool names it, such as 20261123031200, or leave it out.',
  });
}

/**
 * What the platform calls the artefact of each target, as it was typed: `web=sha256:9f2c`.
 * @throws BackoutError E_TARGET, E_ARTEFACT_FORMAT (usage)
 */
export function readArtefacts(
  typed: readonly string[],
  targets: SelectedConfig['targets'],
): Pick<ReleaseDetails, 'artefacts'> {
  const artefacts = typed.map((one): [string, string] => {
    const at = one.indexOf('=');
    const [target, id] = [one.slice(0, Math.max(at, 0)), one.slice(at + 1)];
    if (Object.hasOwn(targets, target) && id !== '') {
      if (!isArtefactFormat(id)) throw artefactFormat(id);
      return [target, id];
    }
    throw new BackoutError({
      code: 'E_TARGET',
      kind: 'usage',
      message: `${JSON.stringify(one.slice(0, 80))} names no target of this environment and its artefact.`,
      remedy: `Write TARGET=ID, with one of: ${Object.keys(targets).join(', ') || 'none'}.`,
    });
  });
  return artefacts.length === 0 ? {} : { artefacts: Object.fromEntries(artefacts) };
}
