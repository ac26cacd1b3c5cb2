/** A service that was rolled back, and a guard that looks at it, over memory ports. */

import { type GuardPorts, guardPorts } from '../../src/operations/guard-ports.ts';
import { type GuardLook, lookAtReleases } from '../../src/operations/guard-releases.ts';
import { type GuardMemory, newMemory } from '../../src/operations/guard-situation.ts';
import type { ReleaseRef } from '../../src/ports/target.ts';
import { openSite, type Site } from '../support/memory-ports.ts';
import { roll } from './roll-back-support.ts';

export const MINUTE = 60_000;
/** Nobody's lease: whoever deploys by hand asks nobody. */
const BY_HAND = 1_000_000;

/** C was bad: B is live again, and C is held. */
export async function openRolledBack(): Promise<{ site: Site; incident: string }> {
  const site = await openSite();
  const { incident } = await roll(site);
  site.messenger.sent.length = 0;
  return { site, incident };
}

/** Somebody makes a release live without asking or telling anybody. */
export async function deployByHand({ target }: Site, release: ReleaseRef): Promise<void> {
  const { signal } = new AbortController();
  await target.apply(release, { fence: BY_HAND, incident: 'none', signal });
}

/** One look, a minute after the last; with a memory of its own, as a new process has it. */
export async function look(
  site: Site,
  memory: GuardMemory = newMemory(),
  more: Partial<GuardPorts> = {},
): Promise<GuardLook> {
  await site.clock.advance(MINUTE);
  return await site.clock.run(lookAtReleases({ ...guardPorts(site.ports), ...more }, memory));
}

export const kindsOf = ({ findings }: GuardLook): string[] => findings.map(({ kind }) => kind);

/** The guard's own entries, without the messages and what was there before. */
export async function notesOf(site: Site, incident: string): Promise<unknown[]> {
  const entries = await site.entries(incident);
  return entries.flatMap(({ data }) => (data['guard'] === undefined ? [] : [data['guard']]));
}

/** All that people were told. */
export const linesOf = ({ messenger }: Site): string =>
  messenger.sent.flatMap(({ title, lines }) => [title, ...lines]).join('\n');

/** The record of what is no trouble. */
export const monthOf = (site: Site): string =>
  `maintenance-${new Date(site.clock.now()).toISOString().slice(0, 7).replace('-', '')}`;
