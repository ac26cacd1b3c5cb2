import { BackoutError } from '../../model/error.ts';
import { requireReleaseFormat } from '../../model/release.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeployGuard, LiveRelease, ReleaseRef, Target } from '../../ports/target.ts';
import { requireAccount } from './account.ts';
import { readMark, withMark } from './alias-mark.ts';
import { deployFailure, classify, preflightFailure, saidBy } from './call-error.ts';
import { fencedError } from '../fenced.ts';
import {
  type Alias,
  type FunctionVersion,
  getAlias,
  getVersion,
  type LambdaPlace,
  listVersions,
  readVersionTags,
  updateAlias,
} from './lambda-calls.ts';
import { isRelease, showRelease } from './release-text.ts';
import { targetChanged } from '../target-changed.ts';

/** All of a preflight: below the 10 s that its step gets. In milliseconds. */
const PREFLIGHT_MS = 9_000;

export interface LambdaAliasOptions extends LambdaPlace {
  name: string;
  /** Account that the function has to be in; left out: any. */
  account?: string | undefined;
  /** Move a share (0 to 1) first, and the rest after `waitMs`. Left out: all at once. */
  shift?: { share: number; waitMs: number } | undefined;
  clock: Clock;
  /** One line for people per thing done. */
  onOutput?: (line: string) => void;
}

/**
 * A Lambda function behind an alias. Rolling back moves the alias to the version that was published
 * for that release; nothing is built, and versions are immutable.
 *
 * Whatever is written is guarded by the alias's revision: the one seen by this target's preflight,
 * if it ran in this process, else the one seen at the beginning of `apply`.
 */
export function lambdaAliasTarget(options: LambdaAliasOptions): Target {
  const { name, alias, functionName, clock, onOutput = () => {} } = options;
  const label = `the alias ${alias} of ${functionName}`;
  /** What preflight saw. Whoever changes the alias after that is "somebody deployed". */
  let seen: string | undefined;

  async function current(signal: AbortSignal): Promise<LiveRelease> {
    try {
      return await describeLive(options, await getAlias(options, signal), signal);
    } catch (error) {
      return { known: false, problem: `${label} cannot be read: ${saidBy(error)}` };
    }
  }

  async function preflight(release: ReleaseRef): Promise<void> {
    requireReleaseFormat(release);
    const signal = AbortSignal.timeout(PREFLIGHT_MS);
    try {
      const now = await getAlias(options, signal);
      requireAccount(name, now.arn, options.account);
      const { version } = await findVersion(options, now, release, signal);
      const details = await getVersion(options, functionArn(now), version, signal);
      if (details.state === 'Failed' || details.state === 'Pending') {
        throw missing(
          name,
          `version ${version} is in state ${details.state} ${details.reason}`,
          release,
        );
      }
      onOutput(`${release.tag} is version ${version} (${details.state}).`);
      seen = now.revision;
    } catch (error) {
      if (error instanceof BackoutError) throw error;
      throw preflightFailure({ target: name, tag: release.tag, error, signal });
    }
  }

  async function apply(release: ReleaseRef, guard: DeployGuard): Promise<void> {
    requireReleaseFormat(release);
    const now = await attempt(`Reading ${label}`, release, guard, false, () =>
      getAlias(options, guard.signal),
    );
    const fence = readMark(now.description)?.fence ?? 0;
    if (fence > guard.fence) throw fencedError(name, fence, guard.fence);
    const { version } = await attempt(`Looking for ${release.tag}`, release, guard, false, () =>
      findVersion(options, now, release, guard.signal),
    );
    const isThere = now.version === version && Object.keys(now.shares).length === 0;
    if (!isThere && seen !== undefined && seen !== now.revision) {
      seen = undefined;
      throw await changedError(now, release, guard);
    }
    try {
      await move(now, version, release, guard);
      seen = undefined;
    } catch (error) {
      // Refused for coming too fast, it is tried again on the same ground. After anything else the
      // next try has to look afresh: our own change may be what it then finds.
      if (!(error instanceof BackoutError && error.kind === 'failed' && error.retryable)) {
        seen = undefined;
      }
      throw error;
    }
  }

  async function move(now: Alias, version: string, release: ReleaseRef, guard: DeployGuard) {
    const isThere = now.version === version && Object.keys(now.shares).length === 0;
    const description = withMark(now.description, { fence: guard.fence });
    if (isThere && description === now.description) return;
    // AWS splits traffic between published versions only.
    const canShift = now.version !== version && now.version !== '$LATEST';
    const shift = canShift ? options.shift : undefined;
    let { revision } = now;
    if (shift !== undefined) {
      const { share, waitMs } = shift;
      const first = {
        version: now.version,
        description: withMark(now.description, { fence: guard.fence, movingTo: version }),
        shares: { [version]: share },
      };
      ({ revision } = await write({ ...first, revision }, version, release, guard));
      onOutput(
        `${percent(share)} of the traffic goes to version ${version} for ${waitMs / 1000} s.`,
      );
      await attempt(`Waiting before the rest of the traffic goes over`, release, guard, true, () =>
        clock.sleep(waitMs, guard.signal),
      );
    }
    await write({ version, description, shares: {}, revision }, version, release, guard);
    if (!isThere)
      onOutput(`${alias} leads to version ${version} (${release.tag}), was ${now.version}.`);
  }

  /** One guarded change. An answer that got lost is looked for before anything is said. */
  async function write(
    change: Parameters<typeof updateAlias>[1],
    version: string,
    release: ReleaseRef,
    guard: DeployGuard,
  ): Promise<Alias> {
    const { signal } = guard;
    try {
      return await updateAlias(options, change, signal);
    } catch (error) {
      const failure = classify(error, signal);
      if (failure === 'stale' || failure === 'unanswered') {
        // The SDK repeats a call whose answer got lost, with the same revision: then the first one
        // was carried out, and the second one is stale because of it.
        const now = await getAlias(options, signal).catch(() => undefined);
        if (now !== undefined && isSame(now, change)) return now;
        if (now !== undefined && failure === 'stale') {
          throw await changedError(now, release, guard);
        }
      }
      const what = `Moving ${label} to version ${version}`;
      throw deployFailure({ target: name, tag: release.tag, what, error, signal, changing: true });
    }
  }

  async function changedError(
    now: Alias,
    release: ReleaseRef,
    { fence: ours, signal }: DeployGuard,
  ) {
    const fence = readMark(now.description)?.fence ?? 0;
    if (fence > ours) return fencedError(name, fence, ours);
    const live = await describeLive(options, now, signal).catch(() => undefined);
    const what = live?.known === true ? `${live.tag}, ${live.detail}` : `version ${now.version}`;
    return targetChanged(name, release, `${label} was changed, and leads to ${what}`);
  }

  async function attempt<T>(
    what: string,
    { tag }: ReleaseRef,
    { signal }: DeployGuard,
    changing: boolean,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BackoutError) throw error;
      throw deployFailure({ target: name, tag, what, error, signal, changing });
    }
  }

  return { name, kind: 'lambda-alias', preflight, apply, current };
}

function functionArn({ arn }: Alias): string {
  return arn.split(':').slice(0, 7).join(':');
}

function isSame(now: Alias, change: { version: string; description: string; shares: object }) {
  return (
    now.version === change.version &&
    now.description === change.description &&
    JSON.stringify(now.shares) === JSON.stringify(change.shares)
  );
}

/** @throws BackoutError E_ARTEFACT_MISSING (refused) */
async function findVersion(
  options: LambdaAliasOptions,
  now: Alias,
  release: ReleaseRef,
  signal: AbortSignal,
): Promise<FunctionVersion> {
  let versions = await listVersions(options, signal);
  if (!versions.some((one) => isRelease(one.release, release))) {
    const tags = await readVersionTags(options, functionArn(now), signal);
    versions = versions.map((one) => ({ ...one, release: one.release ?? tags.get(one.version) }));
  }
  const fitting = versions.filter((one) => isRelease(one.release, release));
  // With the commit it is certain which code it is; then the newest of several is as good as any.
  const certain = fitting.filter((one) => one.release?.commit === release.commit);
  const [only, ...more] = certain.length > 0 ? certain.slice(-1) : fitting;
  if (only === undefined) {
    const tagged = versions.filter((one) => one.release?.tag === release.tag);
    const why =
      tagged.length === 0
        ? `none of its ${versions.length} versions says that it is ${release.tag}`
        : `version ${tagged.map(({ version }) => version).join(', ')} is a ${release.tag} of another commit`;
    throw missing(options.name, why, release);
  }
  if (more.length > 0) {
    const numbers = fitting.map(({ version }) => version).join(', ');
    throw missing(options.name, `versions ${numbers} all say so, without a commit`, release);
  }
  return only;
}

function missing(name: string, why: string, { tag }: ReleaseRef): BackoutError {
  return new BackoutError({
    code: 'E_ARTEFACT_MISSING',
    kind: 'refused',
    message: `${tag} cannot be deployed to ${name}: ${why.trim()}.`,
    state: `${name} was not touched.`,
    remedy:
      'Choose another release with `backout assess`, or name the version: docs/targets.md says how.',
  });
}

/**
 * Split traffic counts as the release that is to go: the one we are not moving to, and for splits
 * of others the newer version, because a canary is what people want to get away from.
 */
async function describeLive(
  options: LambdaAliasOptions,
  now: Alias,
  signal: AbortSignal,
): Promise<LiveRelease> {
  if (now.version === '$LATEST') {
    return {
      known: false,
      problem: `${options.alias} leads to $LATEST, which is no fixed version`,
    };
  }
  const serving = [now.version, ...Object.keys(now.shares)];
  const goingTo = readMark(now.description)?.movingTo;
  const leaving = serving.filter((version) => version !== goingTo);
  const version = leaving.toSorted((a, b) => Number(b) - Number(a))[0] ?? now.version;
  const { release } = await getVersion(options, functionArn(now), version, signal);
  const rest = Object.entries(now.shares).map(
    ([to, share]) => `${percent(share)} on version ${to}`,
  );
  const split =
    rest.length === 0
      ? ''
      : `; traffic is split: ${rest.join(', ')}, the rest on version ${now.version}`;
  if (release === undefined) {
    return {
      known: false,
      problem: `version ${version} of ${options.functionName} is ${showRelease(release)}: neither its description nor a tag says which (docs/targets.md)${split}`,
    };
  }
  return { known: true, ...release, detail: `version ${version}${split}` };
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
