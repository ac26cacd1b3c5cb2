/** A service that is safe, and ways to break its recovery. */

import type { BreakerState } from '../../src/model/breaker.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { recoverBreakers, type RecoveryRequest } from '../../src/operations/recover.ts';
import type { NewEntry } from '../../src/model/journal.ts';
import { openSite, REQUEST, type Site, unreachable } from '../support/memory-ports.ts';

export const WATCH = 60_000;
export const PROVIDERS = ['mailer', 'stripe'];

/** A service that was made safe, and its incident. */
export async function safeSite(): Promise<Site & { incident: string }> {
  const site = await openSite();
  const { incident } = await site.clock.run(makeSafe(site.ports, REQUEST));
  await site.clock.advance(60_000);
  // The site's own members, not copies: tests change them later.
  return Object.assign(site, { incident });
}

export async function recover(
  site: Site & { incident: string },
  more: Partial<RecoveryRequest> = {},
  ports: Partial<OperationPorts> = {},
) {
  const request: RecoveryRequest = {
    incident: site.incident,
    actor: 'kim',
    releaseIsolated: false,
    providers: PROVIDERS.map((provider) => ({ provider, sample: 0.1, watchMs: WATCH })),
    ...more,
  };
  return await site.clock.run(recoverBreakers({ ...site.ports, ...ports }, request));
}

export async function statesOf(site: Site): Promise<Record<string, BreakerState['state']>> {
  const { states } = await site.breakers.read();
  return Object.fromEntries(Object.entries(states).map(([name, { state }]) => [name, state]));
}

/** The breakers' states in the order in which they were set. */
export function historyOf(site: Site): string[] {
  const { breakers } = site.ports;
  const history: string[] = [];
  site.ports.breakers = {
    ...breakers,
    set: async (provider, state, expected) => {
      const epoch = await breakers.set(provider, state, expected);
      history.push(`${provider} ${state.state}`);
      return epoch;
    },
  };
  return history;
}

/** A journal that stores nothing from the n-th entry of recovery on, or only on this machine. */
export function failingJournal({ ports }: Site, from: number, how: 'down' | 'spool' | 'hanging') {
  let count = 0;
  return {
    ...ports.journal,
    append: async (entry: NewEntry) => {
      if (entry.kind === 'recovery') count += 1;
      if (count < from || entry.kind !== 'recovery') return await ports.journal.append(entry);
      if (how === 'down') throw unreachable();
      if (how === 'hanging') return await new Promise<never>(() => undefined);
      return { stored: 'spool' as const, key: entry.key };
    },
  };
}
