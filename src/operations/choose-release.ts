import { BackoutError } from '../model/error.ts';
import { tagNotFound } from '../model/nearest.ts';
import { isAcceptable, type Reason, type ReasonCode } from '../model/eligibility.ts';
import { type Tag, requireTagFormat } from '../model/release.ts';
import { compareVersions } from '../model/version.ts';
import type { ReleaseRef } from '../ports/target.ts';
import type { Assessment, Candidate } from './assess.ts';
import { runsEverywhere } from './live-state.ts';
import { findBroughtBack } from './recommend.ts';

/** What a release is chosen by. */
type Choice = Pick<
  Assessment,
  'live' | 'presumed' | 'targets' | 'tags' | 'releases' | 'knownGood'
> &
  Partial<Pick<Assessment, 'candidates' | 'liveCommit'>>;

/** The release to go back to: the one named, or the last known good. @throws BackoutError, see below */
export function chooseRelease(
  assessment: Choice,
  named: string | undefined,
  accepted: readonly string[] = [],
): ReleaseRef {
  return named === undefined ? knownGood(assessment) : checkNamed(assessment, named, accepted);
}

/**
 * A rollback asked for again after it succeeded would go one release further back, and hold the good
 * one: whoever wants that has to name it.
 * @throws BackoutError E_ALREADY_ROLLED_BACK (refused)
 */
export function requireNotRolledBack(assessment: Parameters<typeof findBroughtBack>[0]): void {
  const back = findBroughtBack(assessment);
  if (back === undefined) return;
  const { incident, written } = back;
  const live = assessment.presumed ?? 'What is live';
  throw new BackoutError({
    code: 'E_ALREADY_ROLLED_BACK',
    kind: 'refused',
    message: written
      ? `${live} was brought back during incident ${incident} already.`
      : `${live} went live since incident ${incident} began, which is still open: it may have been brought back by hand.`,
    state: 'Nothing was changed.',
    remedy:
      'Recover with `backout breakers reset`. If it did not help, undo it with --forward; to go further ' +
      `back name the release with --to. If that incident is over, close it: \`backout incident close ${incident}\`.`,
  });
}

/** Reasons and offers that one message has room for. */
const SAID = 3;

function knownGood({ knownGood: found, live, tags, candidates = [] }: Choice): ReleaseRef {
  if (found.release !== undefined) return { tag: found.release.tag, commit: found.release.commit };
  const { rejected } = found;
  const reasons = rejected.slice(0, SAID).map(({ tag, why }) => `${tag}: ${why}`);
  const more = rejected.length > SAID ? [`and ${rejected.length - SAID} more`] : [];
  const why = rejected.length === 0 ? 'none was ever recorded' : [...reasons, ...more].join('; ');
  throw new BackoutError({
    code: 'E_NO_TARGET',
    kind: 'refused',
    message: `No release is known to be good (${why}).`,
    state: `${live ?? 'An unknown release'} is live. Nothing was changed.`,
    remedy: whatElse(tags, candidates),
  });
}

/** Where nothing is known to be good, a person may know more than the records. */
function whatElse(
  tags: readonly Tag[],
  candidates: readonly Pick<Candidate, 'tag' | 'colour' | 'reasons'>[],
): string {
  const [first, ...others] = candidates
    .filter(({ colour }) => colour !== 'RED')
    .slice(0, SAID)
    .map(({ tag }) => tag);
  if (first !== undefined) {
    const or = others.length === 0 ? '' : ` (or ${others.join(', ')})`;
    return `If you know one to be good, name it: \`backout rollback application --to ${first}\`${or}. \`backout assess\` says what speaks against each.`;
  }
  if (tags.length === 0) {
    return 'No git tag is a release: run `git fetch --tags`, and look at repository.tag_pattern of backout.yml.';
  }
  return candidates.some(({ reasons }) => reasons.some(({ code }) => code === 'tag-gone'))
    ? 'Bring the missing tags: `git fetch --tags` (in a workflow: `fetch-depth: 0` for actions/checkout). Then look again with `backout assess`.'
    : 'There is nothing to go back to: `backout assess` says why. Stay safe with `backout emergency`, and deploy a repair.';
}

/** What a person named, checked as strictly as what a machine would choose. */
function checkNamed(assessment: Choice, named: string, accepted: readonly string[]): ReleaseRef {
  requireTagFormat(named);
  const tag = requireTag(assessment, named);
  const { live, targets, releases } = assessment;
  const state = `${live ?? 'An unknown release'} is live. Nothing was changed.`;
  const pickAnother = 'Pick another release: `backout assess` lists them.';
  const refuse = (code: `E_${string}`, message: string, remedy = pickAnother): BackoutError =>
    new BackoutError({ code, kind: 'refused', message, state, remedy });
  const recorded = releases.find((release) => release.tag === named);
  // By the commit that was deployed as it: the tag may stand for another one by now.
  if (runsEverywhere(targets, { tag: named, commit: recorded?.commit ?? tag.commit })) {
    throw refuse('E_ALREADY_LIVE', `${named} is live already.`, 'Nothing to do.');
  }
  const tagOf = (name: string | undefined) => assessment.tags.find((one) => one.name === name);
  const isOther = live !== undefined && live !== named;
  if (isOther && (assessment.liveCommit ?? tagOf(live)?.commit) === tag.commit) {
    const message = `${named} is the same commit as ${live}, which is live.`;
    throw refuse('E_ALREADY_LIVE', message, 'Nothing would change. Name an older release.');
  }
  const older = olderParts(assessment, tag);
  if (older !== undefined) {
    const message = `${named} is newer than what is live (${older}): that is a deploy.`;
    throw refuse('E_FORWARD', message, 'Deploy it the usual way, or name an older release.');
  }
  if (recorded !== undefined && recorded.commit !== tag.commit) {
    const was = recorded.commit.slice(0, 10);
    const why = `its tag was moved: now ${tag.commit.slice(0, 10)}, was deployed as ${was}`;
    const back = `Pick another release (\`backout assess\`), or put the tag back where it was: \`git tag -f ${named} ${recorded.commit}\`.`;
    throw refuse('E_TAG_MOVED', `${named} cannot be used: ${why}.`, back);
  }
  if (recorded?.hold !== undefined || recorded?.status === 'bad') {
    const { hold } = recorded;
    const detail =
      hold === undefined
        ? 'was marked bad'
        : `is held since ${hold.at} by ${hold.by}${hold.incident === undefined ? '' : ` in incident ${hold.incident}`}: ${hold.reason}`;
    throw refuse('E_TAG_BAD', `${named} ${detail}.`);
  }
  const { reasons = [] } = assessment.candidates?.find((one) => one.tag === named) ?? {};
  const against = reasons.find((one) => one.colour === 'RED' && !isAccepted(one, accepted));
  if (against !== undefined) {
    const { code, text } = against;
    const remedy = isAcceptable(against)
      ? `Pick another release, or take the risk: --accept ${code} --reason "…".`
      : pickAnother;
    throw refuse(REFUSAL[code] ?? 'E_TAG_BAD', `${named} is RED: ${text}.`, remedy);
  }
  return { tag: named, commit: tag.commit };
}

/**
 * The releases that would be overwritten by a newer one; undefined where it is no deploy. Where
 * targets differ, one of them has to run something newer than what is named.
 */
function olderParts(
  { presumed, targets, tags }: Choice,
  { name, version }: Tag,
): string | undefined {
  const isOlder = (tag: string | undefined): boolean => {
    const found = tags.find((one) => one.name === tag);
    return found !== undefined && compareVersions(version, found.version) > 0;
  };
  if (isOlder(presumed)) return presumed;
  const older = targets.flatMap(({ live }) => (live.known && isOlder(live.tag) ? [live.tag] : []));
  return presumed === name && older.length > 0 ? older.join(', ') : undefined;
}

/** What each risk is called when it is refused. */
const REFUSAL: Partial<Record<ReasonCode, `E_${string}`>> = {
  'artefact-missing': 'E_ARTEFACT_MISSING',
  'artefact-mismatch': 'E_ARTEFACT_MISMATCH',
  'below-floor': 'E_FLOOR',
  'migrations-breaking': 'E_SCHEMA',
  'secret-missing': 'E_SECRET_MISSING',
  'flag-changed': 'E_FLAG_CHANGED',
};

function isAccepted(reason: Reason, accepted: readonly string[]): boolean {
  return isAcceptable(reason) && accepted.includes(reason.code);
}

function requireTag({ tags, releases }: Choice, named: string): Tag {
  const tag = tags.find(({ name }) => name === named);
  if (tag !== undefined) return tag;
  const recorded = releases.find((release) => release.tag === named);
  if (recorded !== undefined) {
    throw new BackoutError({
      code: 'E_TAG_NOT_FOUND',
      kind: 'usage',
      message: `${named} was deployed as ${recorded.commit.slice(0, 10)}, and has no tag in this repository.`,
      remedy: `Run \`git fetch --tags\`. If the tag was deleted, make it again: \`git tag ${named} ${recorded.commit}\`.`,
    });
  }
  throw tagNotFound(
    named,
    tags.map(({ name }) => name),
  );
}
