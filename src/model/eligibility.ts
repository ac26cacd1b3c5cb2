/** Whether a release is something to go back to, and why: GREEN, YELLOW or RED. Pure. */

import { type Deployed, whenAndWho } from './deployment.ts';
import { BackoutError } from './error.ts';
import { heldBy, type Release, type Tag } from './release.ts';
import { type Version, compareVersions } from './version.ts';

export type Colour = 'GREEN' | 'YELLOW' | 'RED';

/** What speaks against a release, by stable code: scripts and `--accept` name it so. */
export type ReasonCode =
  // RED, and nothing can be done about it at 03:00.
  | 'live'
  | 'same-commit'
  | 'newer'
  | 'bad'
  | 'held'
  | 'tag-gone'
  | 'tag-moved'
  | 'artefact-missing'
  | 'artefact-mismatch'
  // RED, and a person may accept it by name.
  | 'below-floor'
  | 'migrations-breaking'
  | 'secret-missing'
  | 'flag-changed'
  // YELLOW.
  | 'unrecorded'
  | 'unproven'
  | 'tag-unknown'
  | 'pre-release'
  | 'elsewhere'
  | 'ancestry-unknown'
  | 'artefact-unknown'
  | 'artefact-doubted'
  | 'migrations-unclear'
  | 'flag-gone';

export interface Reason {
  colour: 'YELLOW' | 'RED';
  code: ReasonCode;
  /** The end of a sentence about the release: `it is held: …`. */
  text: string;
}

/** A release with everything that speaks against it; none of it makes it GREEN. */
export interface Eligibility {
  colour: Colour;
  reasons: Reason[];
}

/** What was found out about one release beyond tags and records. */
export interface Evidence {
  /** Whether its commit is part of the history of what is live. */
  ancestry: 'ancestor' | 'elsewhere' | 'unknown';
  /** What each target says of its artefact. */
  artefacts: readonly {
    target: string;
    /**
     * `mismatch`: the platform has something else than the record of the release says. `doubted`:
     * it can be deployed, and about a part of it (an image in a registry) nobody could be asked.
     */
    state: 'there' | 'doubted' | 'missing' | 'mismatch' | 'unknown';
    detail: string;
  }[];
  /** What the migrations since then mean for its code; left out: nobody audits any. */
  migrations?: { verdict: 'safe' | 'breaking' | 'unclear'; why: string };
  /** Flags that its code reads: defined no more, or of another type now. */
  flags: { gone: readonly string[]; changed: readonly string[] };
  /** What it was recorded to need, and is not there; left out: nothing of the kind is known. */
  missing?: readonly string[];
}

/** What is true for all releases of a service at one moment. */
export interface Surroundings {
  tags: readonly Tag[];
  /** True when they could not be read: that none is there then means nothing. */
  tagsUnread?: boolean;
  /** Tag that is live now, as the target itself says; undefined when it cannot say. */
  live: string | undefined;
  /** The commit that runs, which its tag may no longer stand for. Left out: that of the tag. */
  liveCommit?: string | undefined;
  /** What was ever recorded: a commit that is held is held under each of its tags. */
  releases?: readonly Release[];
  /** Oldest tag that may be deployed again; left out: none. */
  floor?: string;
  /** Secrets that older code needs and that are not there. */
  missingSecrets?: readonly string[];
  /** What was deployed according to others than our record, by tag; left out: nobody was asked. */
  deployed?: ReadonlyMap<string, Deployed>;
}

/**
 * Whether a second person has nothing to look at: GREEN, or what could not be asked stays so at any
 * hour (another registry, a missing permission). Asking for one would be a refusal every night.
 */
export function needsNoSecond({ colour, reasons }: Eligibility): boolean {
  return colour === 'GREEN' || reasons.every(({ code }) => code === 'artefact-doubted');
}

/** RED, and a person may accept the risk by naming it. Everything else RED is refused. */
const ACCEPTABLE: readonly ReasonCode[] = [
  'below-floor',
  'migrations-breaking',
  'secret-missing',
  'flag-changed',
];

export function isAcceptable({ code }: Pick<Reason, 'code'>): boolean {
  return ACCEPTABLE.includes(code);
}

/**
 * The risks that a person takes, as typed: `below-floor,secret-missing`. They are taken for one
 * release that somebody looked at.
 * @throws BackoutError E_ACCEPT (usage)
 */
export function readAccepted(text: string | undefined, to: string | undefined): ReasonCode[] {
  if (text === undefined) return [];
  if (to === undefined) {
    throw new BackoutError({
      code: 'E_ACCEPT',
      kind: 'usage',
      message: 'A risk is accepted of one release, and none is named.',
      remedy: 'Name the release with --to; `backout assess` shows what is RED about it.',
    });
  }
  return text.split(',').map((name) => {
    const code = ACCEPTABLE.find((one) => one === name.trim());
    if (code !== undefined) return code;
    throw new BackoutError({
      code: 'E_ACCEPT',
      kind: 'usage',
      message: `${JSON.stringify(name.slice(0, 80))} is no risk that can be accepted.`,
      remedy: `Name some of: ${ACCEPTABLE.join(', ')}, with commas between them.`,
    });
  });
}

/**
 * Whoever takes a risk says why.
 * @param reason undefined when nobody gave one
 * @throws BackoutError E_ACCEPT (usage)
 */
export function requireReasonFor(accepted: readonly string[], reason: string | undefined): void {
  if (accepted.length === 0 || reason !== undefined) return;
  throw new BackoutError({
    code: 'E_ACCEPT',
    kind: 'usage',
    message: `Accepting ${accepted.join(', ')} needs a reason.`,
    remedy: 'Say with --reason why the risk is worth taking: it stands in the postmortem.',
  });
}

/** The worst of the reasons. */
export function colourOf(reasons: readonly Pick<Reason, 'colour'>[]): Colour {
  if (reasons.some(({ colour }) => colour === 'RED')) return 'RED';
  return reasons.length === 0 ? 'GREEN' : 'YELLOW';
}

/** What is judged: a tag, a record of a deployment, or both. */
export interface Subject {
  name: string;
  release: Release | undefined;
}

/**
 * Everything that speaks against going back to a release, the worst first.
 * @param evidence left out where nobody asked: then only tags and records speak
 */
export function judgeEligibility(
  subject: Subject,
  surroundings: Surroundings,
  evidence?: Evidence,
): Eligibility {
  const reasons = [
    ...fromRecords(subject, surroundings),
    ...fromSurroundings(subject, surroundings),
    ...(evidence === undefined
      ? []
      : [
          ...fromNeeds(evidence, surroundings),
          ...fromEvidence(evidence, subject.release?.status === 'good'),
        ]),
  ].toSorted((a, b) => Number(b.colour === 'RED') - Number(a.colour === 'RED'));
  return { colour: colourOf(reasons), reasons };
}

const red = (code: ReasonCode, text: string): Reason => ({ colour: 'RED', code, text });
const yellow = (code: ReasonCode, text: string): Reason => ({ colour: 'YELLOW', code, text });

function fromRecords({ name, release }: Subject, surroundings: Surroundings): Reason[] {
  const { tags, tagsUnread = false, live, liveCommit, releases = [] } = surroundings;
  const tag = tags.find((one) => one.name === name);
  const commit = release?.commit ?? tag?.commit;
  // With another commit, what runs under its tag is another release.
  const isOther = liveCommit !== undefined && commit !== undefined && liveCommit !== commit;
  if (name === live && !isOther) return [red('live', 'it is live now')];
  const reasons: Reason[] = [];
  // In the order in which a person asks: may it, is it proven, is it still what it was.
  if (release?.status === 'bad') reasons.push(red('bad', 'it was marked bad'));
  if (release?.hold !== undefined) {
    reasons.push(red('held', `it is held: ${release.hold.reason}`));
  }
  const others = releases.filter((one) => one.tag !== name);
  const twin = heldBy(others, { tag: name, commit });
  if (twin !== undefined) {
    const why = twin.hold === undefined ? 'was marked bad' : `is held: ${twin.hold.reason}`;
    reasons.push(red('held', `it is the same commit as ${twin.tag}, which ${why}`));
  }
  if (release === undefined) {
    reasons.push(yellow('unrecorded', whyUnrecorded(surroundings.deployed?.get(name))));
  } else if (release.status !== 'good' && release.status !== 'bad') {
    reasons.push(yellow('unproven', 'its bake never ended with a passed verdict'));
  }
  if (tag === undefined && tagsUnread) {
    return [...reasons, yellow('tag-unknown', 'whether its git tag still stands cannot be read')];
  }
  if (tag === undefined) return [...reasons, red('tag-gone', 'its git tag is not in this clone')];
  if (release !== undefined && tag.commit !== release.commit) {
    const moved = `its tag was moved: now ${tag.commit.slice(0, 10)}, was deployed as ${release.commit.slice(0, 10)}`;
    reasons.push(red('tag-moved', moved));
  }
  const liveTag = tags.find((one) => one.name === live);
  if (live !== undefined && (liveCommit ?? liveTag?.commit) === tag.commit) {
    const same = `it is the same commit as ${live}, which is live: nothing would change`;
    reasons.push(red('same-commit', same));
  } else if (liveTag !== undefined && compareVersions(tag.version, liveTag.version) > 0) {
    reasons.push(red('newer', 'it is newer than what is live: that would be a deploy'));
  }
  // Where what is live is one too, pre-releases are what this environment runs.
  if (tag.version.prerelease && liveTag?.version.prerelease !== true) {
    reasons.push(yellow('pre-release', 'it is a pre-release: name it yourself to go back to it'));
  }
  return reasons;
}

/** Others knowing of it proves that it ran, and not that it ran well. */
function whyUnrecorded(deployed: Deployed | undefined): string {
  if (deployed === undefined) return 'nobody recorded that it was ever deployed';
  return `nobody recorded it here; ${deployed.source} says that it was deployed ${whenAndWho(deployed)}`;
}

function fromSurroundings(
  { name }: Subject,
  { tags, floor, missingSecrets = [] }: Surroundings,
): Reason[] {
  const reasons: Reason[] = [];
  const version = (wanted: string | undefined): Version | undefined =>
    tags.find((one) => one.name === wanted)?.version;
  const [own, lowest] = [version(name), version(floor)];
  if (floor !== undefined && lowest === undefined) {
    const text = `whether it is below ${floor} is not known: that tag of backout.yml is gone`;
    reasons.push(red('below-floor', text));
  } else if (own !== undefined && lowest !== undefined && compareVersions(own, lowest) < 0) {
    reasons.push(red('below-floor', `it is older than ${floor ?? ''}, the security floor`));
  }
  if (missingSecrets.length > 0) {
    reasons.push(red('secret-missing', `it needs what is not there: ${missingSecrets.join(', ')}`));
  }
  return reasons;
}

/** Secrets and settings that were listed when it went live, and of which one is gone since. */
function fromNeeds({ missing = [] }: Evidence, { missingSecrets = [] }: Surroundings): Reason[] {
  // What every release lacks is said already.
  const gone = missing.filter((one) => !missingSecrets.includes(one));
  if (gone.length === 0) return [];
  return [red('secret-missing', `it was recorded to need what is gone: ${gone.join(', ')}`)];
}

function fromEvidence(
  { ancestry, artefacts, migrations, flags }: Evidence,
  proven: boolean,
): Reason[] {
  const reasons: Reason[] = [];
  for (const { target, state, detail } of artefacts) {
    if (state === 'missing')
      reasons.push(red('artefact-missing', `${target} has it no more: ${withoutStop(detail)}`));
    if (state === 'mismatch') {
      const text = `${target} and its record disagree: ${withoutStop(detail)}`;
      reasons.push(red('artefact-mismatch', text));
    }
    if (state === 'doubted') {
      reasons.push(yellow('artefact-doubted', `${target} can deploy it, but ${detail}`));
    }
    if (state === 'unknown') {
      reasons.push(
        yellow(
          'artefact-unknown',
          `${target} does not say whether it still has it: ${withoutStop(detail)}`,
        ),
      );
    }
  }
  if (migrations?.verdict === 'breaking') reasons.push(red('migrations-breaking', migrations.why));
  if (migrations?.verdict === 'unclear') reasons.push(yellow('migrations-unclear', migrations.why));
  if (flags.changed.length > 0) {
    const text = `flags that it reads are of another type now: ${flags.changed.join(', ')}`;
    reasons.push(red('flag-changed', text));
  }
  if (flags.gone.length > 0) {
    const text = `flags that it reads are gone, so its own fallbacks count: ${flags.gone.join(', ')}`;
    reasons.push(yellow('flag-gone', text));
  }
  // What ran here and passed its bake is no stranger, whichever branch it was released from.
  if (proven) return reasons;
  if (ancestry === 'elsewhere') {
    const text = 'it is not in the history of what is live, but on another branch or on none';
    reasons.push(yellow('elsewhere', text));
  }
  if (ancestry === 'unknown') {
    const text = 'whether it is part of the history of what is live is not known';
    reasons.push(yellow('ancestry-unknown', text));
  }
  return reasons;
}

/** Reasons are ends of sentences. */
function withoutStop(text: string): string {
  return text.replace(/\.+$/, '');
}

/** Why a recorded release is not what we go back to. */
export interface Rejection {
  tag: string;
  why: string;
}

export interface KnownGood {
  /** The last known good, or undefined when there is none. */
  release: Release | undefined;
  /** Every other recorded release that is newer, or of the same age, with the reason. */
  rejected: Rejection[];
}

export interface KnownGoodInput extends Surroundings {
  releases: readonly Release[];
  /** What was found out about a release; undefined while nobody asked. */
  evidenceOf?: (tag: string) => Evidence | undefined;
}

/**
 * The newest release, by the time it last went live, against which nothing RED speaks and whose
 * bake passed. "Previous" is a different thing. What nobody can tell (an artefact, the history)
 * does not take a proven release out; what is not proven is never chosen by itself.
 */
export function lastKnownGood(input: KnownGoodInput): KnownGood {
  const rejected: Rejection[] = [];
  for (const release of newestFirst(input)) {
    const subject = { name: release.tag, release };
    const { reasons } = judgeEligibility(subject, input, input.evidenceOf?.(release.tag));
    const why = reasons.find(isDisqualifying);
    if (why === undefined) return { release, rejected };
    rejected.push({ tag: release.tag, why: why.text });
  }
  return { release: undefined, rejected };
}

/** Whether nothing goes back to it by itself, though a person may name it. */
function isDisqualifying({ colour, code }: Reason): boolean {
  const byName = ['unrecorded', 'unproven', 'tag-unknown', 'pre-release'];
  return colour === 'RED' || byName.includes(code);
}

/** By the time they last went live; recorded in the same millisecond, the higher version first. */
export function newestFirst({ releases, tags }: Pick<KnownGoodInput, 'releases' | 'tags'>) {
  const versions = new Map(tags.map((tag) => [tag.name, tag.version]));
  return releases.toSorted((a, b) => {
    if (a.deployedAt !== b.deployedAt) return a.deployedAt < b.deployedAt ? 1 : -1;
    const [ours, theirs] = [versions.get(a.tag), versions.get(b.tag)];
    return ours === undefined || theirs === undefined ? 0 : compareVersions(theirs, ours);
  });
}
