/** A rollback that did not help, and the return from it. */

import { expect } from 'vitest';
import type { OperationPorts, RollbackResult } from '../../src/operations/operation-ports.ts';
import { prepareReturn } from '../../src/operations/prepare-return.ts';
import { rollBack } from '../../src/operations/roll-back.ts';
import type { LiveRelease, ReleaseRef } from '../../src/ports/target.ts';
import { C, openSite, type Site } from '../support/memory-ports.ts';
import { ROLLED_BACK, roll } from './roll-back-support.ts';

export const WHY = { actor: 'lee', reason: 'the provider is ill, not v1.2.0', rule: 'manual' };

export async function goBack(
  site: Site,
  more: Partial<OperationPorts> = {},
): Promise<RollbackResult> {
  const ports = { ...site.ports, ...more };
  const work = async () => await rollBack(ports, await prepareReturn(ports, undefined), WHY);
  return await site.clock.run(work());
}

/** After a rollback that did not help: the checks go on to fail. */
export async function rolledBackInVain(): Promise<Site> {
  const site = await openSite();
  site.verdict = 'failed';
  expect((await roll(site)).execution.outcome).toBe('failed');
  site.verdict = 'passed';
  return site;
}

/** After a return that went as it should. */
export const RETURNED = { ...ROLLED_BACK, live: C.tag, deploys: 2, held: [] };

export const liveIs = (release: ReleaseRef): Promise<LiveRelease> =>
  Promise.resolve({ known: true, ...release, detail: '' });

/** Somebody else deployed this, on a commit that we never saw. */
export const runs = (site: Site, tag: string): unknown =>
  Object.assign(site.target, { current: () => liveIs({ tag, commit: 'd'.repeat(40) }) });
