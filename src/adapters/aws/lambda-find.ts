import type { ReleaseRef } from '../../ports/target.ts';
import { artefactMismatch, artefactMissing } from './artefact-error.ts';
import {
  type Alias,
  type FunctionVersion,
  type LambdaPlace,
  listVersions,
  readVersionTags,
} from './lambda-calls.ts';
import { isRelease } from './release-text.ts';

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME` of an alias. */
export function functionArn({ arn }: Alias): string {
  return arn.split(':').slice(0, 7).join(':');
}

/** What a record may call a version: its number, its ARN, the digest of its code. */
export function namesOf(alias: Alias, { version, codeSha256 }: FunctionVersion): string[] {
  const names = [version, `${functionArn(alias)}:${version}`];
  return codeSha256 === undefined ? names : [...names, codeSha256];
}

/**
 * The version of a release. Its record says which, or the version itself does; where both do they
 * have to agree.
 * @throws BackoutError E_ARTEFACT_MISSING, E_ARTEFACT_MISMATCH (refused)
 */
export async function findVersion(
  options: LambdaPlace & { name: string },
  now: Alias,
  release: ReleaseRef,
  signal: AbortSignal,
): Promise<FunctionVersion> {
  const { artefact } = release;
  const isRecorded = (one: FunctionVersion): boolean =>
    artefact !== undefined && namesOf(now, one).includes(artefact);
  let versions = await listVersions(options, signal);
  const isOpen = (one: FunctionVersion): boolean => one.release === undefined && isRecorded(one);
  if (!versions.some((one) => isRelease(one.release, release)) || versions.some(isOpen)) {
    const tags = await readVersionTags(options, functionArn(now), signal);
    versions = versions.map((one) => ({ ...one, release: one.release ?? tags.get(one.version) }));
  }
  if (artefact === undefined) return chooseSaid(options.name, versions, release);
  return chooseRecorded(options.name, versions, versions.filter(isRecorded), release);
}

/** Nobody recorded it: what the versions say of themselves. */
function chooseSaid(
  name: string,
  versions: readonly FunctionVersion[],
  release: ReleaseRef,
): FunctionVersion {
  const fitting = versions.filter((one) => isRelease(one.release, release));
  // With the commit it is certain which code it is; then the newest of several is as good as any.
  const certain = fitting.filter((one) => one.release?.commit === release.commit);
  const [only, ...more] = certain.length > 0 ? certain.slice(-1) : fitting;
  if (only === undefined) {
    const tagged = versions.filter((one) => one.release?.tag === release.tag);
    const why =
      tagged.length === 0
        ? `none of its ${versions.length} versions says that it is ${release.tag}`
        : `version ${numbersOf(tagged)} is a ${release.tag} of another commit`;
    throw artefactMissing(name, why, release);
  }
  if (more.length > 0) {
    const why = `versions ${numbersOf(fitting)} all say so, without a commit`;
    throw artefactMissing(name, why, release);
  }
  return only;
}

function chooseRecorded(
  name: string,
  versions: readonly FunctionVersion[],
  recorded: readonly FunctionVersion[],
  release: ReleaseRef,
): FunctionVersion {
  const said = versions.filter((one) => isRelease(one.release, release));
  const both = recorded.filter((one) => said.includes(one));
  // Of two with the same code, the one that also says which release it is.
  if (both.length > 0) return chooseSaid(name, both, release);
  if (said.length > 0) {
    const why = `version ${numbersOf(said)} says that it is ${release.tag}`;
    throw artefactMismatch(name, why, release);
  }
  const unnamed = recorded.filter((one) => one.release === undefined);
  const [only, ...more] = unnamed;
  if (only !== undefined && more.length === 0) return only;
  if (more.length > 0) {
    const why = `versions ${numbersOf(unnamed)} all have that code, and none says which it is`;
    throw artefactMissing(name, why, release);
  }
  const [other] = recorded;
  if (other === undefined) {
    const why = `it was recorded as ${release.artefact}, and none of its ${versions.length} versions is that`;
    throw artefactMissing(name, why, release);
  }
  const { tag, commit = 'an unknown commit' } = other.release ?? { tag: 'another release' };
  const why = `version ${other.version} says that it is ${tag} of ${commit.slice(0, 17)}`;
  throw artefactMismatch(name, why, release);
}

function numbersOf(versions: readonly FunctionVersion[]): string {
  return versions.map(({ version }) => version).join(', ');
}
