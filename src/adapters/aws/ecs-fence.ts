/**
 * The fence of an ECS service: one tag per lease number, `backout:fence:7`. ECS has nothing like a
 * revision that a change could be guarded with, so this is the second best thing: each holder first
 * makes its own mark and then looks for a higher one.
 *
 *     old holder (fence 6)  ──┤ stopped ├───────────── mark 6, sees 7 ── refused
 *     new holder (fence 7)      mark 7, sees 7 ── UpdateService
 *
 * One tag with a number in it would not do: the old holder's mark would overwrite the new one's.
 * The tag's value is the task definition that its holder goes to: without it nobody could tell a
 * rollback that is under way from a deployment that it should be rolled back from.
 * What stays open: a holder that is stopped between its look and its UpdateService, a matter of
 * milliseconds, and tags that somebody else removes.
 */

import { BackoutError } from '../../model/error.ts';
import { saidBy } from './call-error.ts';
import {
  describeService,
  type EcsPlace,
  type EcsService,
  tagService,
  untagService,
} from './ecs-calls.ts';
import { fencedError } from '../fenced.ts';

const KEY = /^backout:fence:(\d{1,16})$/;

interface Turn {
  target: string;
  place: EcsPlace;
  fence: number;
  /** The task definition that we go to, such as `checkout-api:12`. */
  to: string;
  signal: AbortSignal;
}

/**
 * Marks our number as seen, and returns the service as it was read after that.
 * @throws BackoutError E_FENCED (refused); E_FENCE (refused) when the mark cannot be made
 */
export async function passServiceFence(turn: Turn, service: EcsService): Promise<EcsService> {
  const { target, place, fence, to, signal } = turn;
  refuseLower(target, service, fence);
  if (marksOf(service).some((mark) => mark.fence === fence && mark.to === to)) return service;
  let marked: EcsService | undefined;
  try {
    await tagService(place, service.serviceArn, `backout:fence:${fence}`, to, signal);
    marked = await describeService(place, signal);
  } catch (error) {
    throw fenceError(target, saidBy(error), error);
  }
  if (marked === undefined || !marksOf(marked).some((mark) => mark.fence === fence)) {
    throw fenceError(target, 'the tag that we set on the service cannot be read back');
  }
  refuseLower(target, marked, fence);
  const lower = marksOf(marked).filter((mark) => mark.fence < fence);
  if (lower.length > 0) {
    // Only housekeeping: a service can have 50 tags.
    const keys = lower.map((mark) => `backout:fence:${mark.fence}`);
    await untagService(place, service.serviceArn, keys, signal).catch(() => undefined);
  }
  return marked;
}

/** @throws BackoutError E_FENCED (refused) when a holder with a higher number was here */
export function refuseLower(target: string, service: EcsService, fence: number): void {
  const highest = Math.max(0, ...marksOf(service).map((mark) => mark.fence));
  if (highest > fence) throw fencedError(target, highest, fence);
}

/** Where the newest holder was going, such as `checkout-api:12`; undefined when none was here. */
export function destinationOf(service: EcsService): string | undefined {
  return marksOf(service).toSorted((a, b) => b.fence - a.fence)[0]?.to;
}

function marksOf({ tags }: EcsService): { fence: number; to: string }[] {
  return tags.flatMap(({ key, value }) => {
    const [, number] = key.match(KEY) ?? [];
    return number === undefined ? [] : [{ fence: Number(number), to: value }];
  });
}

function fenceError(target: string, problem: string, cause?: unknown): BackoutError {
  return new BackoutError({
    code: 'E_FENCE',
    kind: 'refused',
    message: `Whether a newer rollback has taken over ${target} cannot be told: ${problem}.`,
    state: `${target} was not touched.`,
    remedy:
      'Allow ecs:TagResource on the service, and the long form of its ARN (docs/targets.md); then try again.',
    ...(cause === undefined ? {} : { cause }),
  });
}
