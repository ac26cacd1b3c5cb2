import type { StageResult } from '../model/check.ts';
import { BackoutError } from '../model/error.ts';
import { describeOther, runsRelease } from '../model/live.ts';
import { releaseUnknown } from '../model/release-rules.ts';
import type { ReleaseRef } from '../ports/target.ts';
import { nameParts, readTargets } from './live-state.ts';
import type { OperationPorts } from './operation-ports.ts';
import { type BakeRound, slowestCheck, watchBake } from './watch-bake.ts';

export interface BakedRelease {
  tag: string;
  /** `good` when the whole bake passed; else what it was before. */
  status: 'good' | 'deployed';
  result: StageResult;
  /** Why it is not good although every check passed. */
  problem?: string;
}

/**
 * Watches a release that went live for the whole time of a bake, from now on, and marks it good
 * only when every round passed and it is still what is live. A bake that fails, or that nobody can
 * judge, leaves it unproven: it may be asked again.
 * @throws BackoutError E_RELEASE_UNKNOWN, E_RELEASE_BAD, E_NOT_LIVE (refused)
 */
export async function bakeRelease(
  ports: OperationPorts,
  tag: string,
  options: { signal: AbortSignal; onRound?: (round: BakeRound) => void },
): Promise<BakedRelease> {
  const { clock, releases, scope, facts } = ports;
  const known = (await releases.list(scope)).find((release) => release.tag === tag);
  if (known === undefined) throw releaseUnknown(scope, tag);
  await requireLive(ports, known);
  // What was proven before stays proven while it is watched again.
  const wasGood = known.status === 'good';
  if (!wasGood) await releases.mark(scope, tag, 'baking');
  const stage = facts.stages.at(-1)?.name ?? 'now';
  const { durationMs, everyMs } = facts.bake;
  const until = clock.now() + durationMs;
  const { signal, onRound } = options;
  const result = await watchBake(ports, {
    stage,
    until,
    everyMs,
    slowestMs: slowestCheck(facts.checksMs),
    signal,
    ...(onRound === undefined ? {} : { onRound }),
  });
  const problem = result.verdict === 'passed' ? await notLive(ports, known) : undefined;
  if (result.verdict === 'passed' && problem === undefined) {
    await releases.mark(scope, tag, 'good');
    return { tag, status: 'good', result };
  }
  // A rollback may have found it bad meanwhile: then bad is what it stays.
  if (!wasGood) await releases.mark(scope, tag, 'deployed').catch(ignoreBad);
  return { tag, status: 'deployed', result, ...(problem === undefined ? {} : { problem }) };
}

async function requireLive(ports: OperationPorts, release: ReleaseRef): Promise<void> {
  const problem = await notLive(ports, release);
  if (problem === undefined) return;
  throw new BackoutError({
    code: 'E_NOT_LIVE',
    kind: 'refused',
    message: `${release.tag} cannot be watched: ${problem}`,
    remedy: 'Watch what is live: `backout assess` says what that is.',
  });
}

/** Checks measure what is live: they say nothing about a release that is not. */
async function notLive(ports: OperationPorts, release: ReleaseRef): Promise<string | undefined> {
  const releases = await ports.releases.list(ports.scope);
  for (const { name, live } of nameParts(await readTargets(ports), { tags: [], releases })) {
    if (!live.known) return `${name} does not say what is live: ${live.problem}`;
    if (!runsRelease(live, release)) return `${describeOther(live, release)} is live on ${name}.`;
  }
  return undefined;
}

function ignoreBad(error: unknown): void {
  if (!(error instanceof BackoutError) || error.code !== 'E_RELEASE_BAD') throw error;
}
