/** A service with several targets, in memory, and what each of them runs. */

import { type MemoryTarget, memoryTarget } from '../../src/adapters/memory/target.ts';
import type { PlanFacts } from '../../src/operations/plan-rollback.ts';
import type { ReleaseRef } from '../../src/ports/target.ts';
import { A, B, C, openSite, type Site } from '../support/memory-ports.ts';

export interface Fleet extends Site {
  targets: Record<string, MemoryTarget>;
}

/** @param live what each target runs; `stage`: those of the same one are deployed side by side */
export async function openFleet(
  live: Record<string, { runs: ReleaseRef; stage?: number }>,
): Promise<Fleet> {
  const site = await openSite();
  const targets = Object.entries(live).map(([name, { runs }]) => memoryTarget(name, runs));
  for (const target of targets) for (const release of [A, B, C]) target.publish(release);
  const facts: PlanFacts = {
    ...site.ports.facts,
    targets: Object.entries(live).map(([name, { stage }]) => ({
      name,
      timeoutMs: 60_000,
      preflightMs: 10_000,
      ...(stage === undefined ? {} : { stage }),
    })),
  };
  return {
    ...site,
    ports: { ...site.ports, targets, facts },
    targets: Object.fromEntries(targets.map((target) => [target.name, target])),
  };
}

/** One of its targets. */
export function part(fleet: Fleet, name: string): MemoryTarget {
  const target = fleet.targets[name];
  if (target === undefined) throw new Error(`There is no target ${name}.`);
  return target;
}

/** What each target runs; a problem where it does not say. */
export async function runningOn({ targets }: Fleet): Promise<Record<string, string>> {
  const said = Object.entries(targets).map(async ([name, target]) => {
    const live = await target.current(new AbortController().signal);
    return [name, live.known ? live.tag : live.problem] as const;
  });
  return Object.fromEntries(await Promise.all(said));
}

/** Tags that are held. */
export async function heldOf({ ports }: Site): Promise<string[]> {
  const releases = await ports.releases.list(ports.scope);
  return releases.filter(({ hold }) => hold !== undefined).map(({ tag }) => tag);
}
