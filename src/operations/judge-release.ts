/** What a person decides about a release: good, held, or held no longer. All of it is written down. */

import type { Hold, Release } from '../model/release.ts';
import { releaseUnknown } from '../model/release-rules.ts';
import { timestamp } from '../ports/clock.ts';
import { findRecord, noteDeed } from './month-record.ts';
import type { OperationPorts } from './operation-ports.ts';

export interface Judgement {
  tag: string;
  actor: string;
  reason: string;
  /** The incident that it belongs to. Left out: the open one, else the record of the month. */
  incident?: string;
}

export interface Judged {
  tag: string;
  /** Where it is written down; undefined when nothing was changed. */
  incident: string | undefined;
}

/**
 * Marks a release as good that nobody watched, because somebody knows better.
 * @throws BackoutError E_RELEASE_UNKNOWN, E_RELEASE_BAD, E_INCIDENT_AMBIGUOUS
 */
export async function markGood(
  ports: OperationPorts,
  { tag, actor, incident: named }: Omit<Judgement, 'reason'>,
): Promise<Judged> {
  const found = await findRecord(ports, named, true);
  await ports.releases.mark(ports.scope, tag, 'good');
  const reason = `${tag} is marked good.`;
  const deed = { actor, text: `${reason} By hand, not by its bake.`, reason };
  const incident = await noteDeed(ports, { ...deed, data: { tag, good: true } }, found);
  return { tag, incident };
}

/**
 * Holds a release. A hold that is there already stays as it is; both reasons are in the journal.
 * @returns the hold that counts
 * @throws BackoutError E_RELEASE_UNKNOWN, E_INCIDENT_AMBIGUOUS
 */
export async function holdRelease(
  ports: OperationPorts,
  { tag, actor, reason, incident: named }: Judgement,
): Promise<Judged & { hold: Hold }> {
  // First: whoever cannot say which incident it is has changed nothing.
  const found = await findRecord(ports, named, true);
  const hold: Hold = {
    reason,
    by: actor,
    at: timestamp(ports.clock),
    ...(found === undefined ? {} : { incident: found.id }),
  };
  await ports.releases.hold(ports.scope, tag, hold);
  const counts = (await findRelease(ports, tag)).hold ?? hold;
  const deed = { actor, text: `${tag} is held: ${reason}`, reason, data: { tag, held: true } };
  return { tag, incident: await noteDeed(ports, deed, found), hold: counts };
}

/**
 * Ends a hold. Who ends it is written down before: a hold must not be gone without a trace.
 * @returns the release as it was held; undefined when it was not
 * @throws BackoutError E_RELEASE_UNKNOWN, E_INCIDENT_AMBIGUOUS
 */
export async function endHold(
  ports: OperationPorts,
  { tag, actor, reason, incident: named }: Judgement,
): Promise<Judged & { was: Release | undefined }> {
  const found = await findRecord(ports, named, true);
  const was = await findRelease(ports, tag);
  if (was.hold === undefined && was.status !== 'bad') {
    return { tag, incident: undefined, was: undefined };
  }
  const text = `Ends the hold of ${tag}: ${reason}`;
  const data = { tag, held: false, status: was.status, ...(was.hold && { was: was.hold }) };
  const incident = await noteDeed(ports, { actor, text, reason, data }, found);
  await ports.releases.hold(ports.scope, tag, undefined);
  return { tag, incident, was };
}

async function findRelease({ releases, scope }: OperationPorts, tag: string): Promise<Release> {
  const release = (await releases.list(scope)).find((one) => one.tag === tag);
  if (release === undefined) throw releaseUnknown(scope, tag);
  return release;
}
