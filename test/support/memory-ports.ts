/** One service in memory, in the night a bad release is live, and ways to break what it stands on. */

import { memoryBreakers, type MemoryBreakers } from '../../src/adapters/memory/breakers.ts';
import { type MemoryCache, memoryCache } from '../../src/adapters/memory/cache.ts';
import { memoryFlags } from '../../src/adapters/memory/flags.ts';
import { memoryJournal } from '../../src/adapters/memory/journal.ts';
import { memoryLeases } from '../../src/adapters/memory/leases.ts';
import { memoryMessenger, type MemoryMessenger } from '../../src/adapters/memory/messenger.ts';
import { memoryReleases } from '../../src/adapters/memory/releases.ts';
import { memoryRepository, type MemoryHistory } from '../../src/adapters/memory/repository.ts';
import { type MemoryService, memoryService } from '../../src/adapters/memory/service.ts';
import { memoryTarget, type MemoryTarget } from '../../src/adapters/memory/target.ts';
import type { Epoch } from '../../src/model/breaker.ts';
import { digestGroups, effectiveFlags } from '../../src/model/flags.ts';
import type { Measurement } from '../../src/model/check.ts';
import { BackoutError } from '../../src/model/error.ts';
import type { JournalEntry } from '../../src/model/journal.ts';
import type { ProgressEvent } from '../../src/model/progress.ts';
import type { Release } from '../../src/model/release.ts';
import type { Verdict } from '../../src/model/verdict.ts';
import type { MaintenancePorts } from '../../src/operations/maintenance-steps.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import type { Ids } from '../../src/ports/ids.ts';
import type { ReleaseRef } from '../../src/ports/target.ts';
import { type FakeClock, fakeClock, NIGHT } from './fake-clock.ts';

export const SCOPE = { service: 'storefront', environment: 'production' };
export const REQUEST = { actor: 'kim', reason: 'error rate 21 %', rule: 'manual' };
export const A: ReleaseRef = { tag: 'v1.0.0', commit: 'a'.repeat(40) };
export const B: ReleaseRef = { tag: 'v1.1.0', commit: 'b'.repeat(40) };
/** The bad one, which is live. */
export const C: ReleaseRef = { tag: 'v1.2.0', commit: 'c'.repeat(40) };
/** The flags on an ordinary day. */
export const BASE = { sales: true, digest: true };
export const SAFE = { sales: false, digest: false };

/** What the running instances say: all is taken over, or they stay behind, or nobody is there. */
type Fleet = 'acknowledging' | 'lagging' | 'empty';

export interface Site {
  ports: OperationPorts & MaintenancePorts;
  clock: FakeClock;
  target: MemoryTarget;
  cache: MemoryCache;
  services: [api: MemoryService, worker: MemoryService];
  messenger: MemoryMessenger;
  breakers: MemoryBreakers;
  history: { tags: MemoryHistory['tags'][number][]; commits: MemoryHistory['commits'][number][] };
  events: ProgressEvent[];
  /** Drafts by incident. */
  postmortems: Map<string, string>;
  /** What the only check answers from now on; a function is asked each time. */
  verdict: Verdict | (() => Verdict | Promise<Verdict>);
  fleet: Fleet;
  readonly entries: (incident: string) => Promise<JournalEntry[]>;
  readonly epoch: () => Promise<Epoch>;
}

/** Ids in order, so that a run can be repeated exactly. */
export function sequentialIds(random = 0.5): Ids {
  let count = 0;
  return {
    next() {
      count += 1;
      return `id${String(count).padStart(6, '0')}`;
    },
    random: () => random,
  };
}

/** A and B are good, C is live and nothing is known of how it turned out. */
export async function openSite(): Promise<Site> {
  const clock = fakeClock();
  const ids = sequentialIds();
  const breakers = memoryBreakers(ids);
  const flags = memoryFlags();
  const releases = memoryReleases();
  const target = memoryTarget('web', C);
  const cache = memoryCache('readings');
  const services: Site['services'] = [memoryService('api'), memoryService('worker')];
  const messenger = memoryMessenger('chat');
  const journal = memoryJournal();
  const events: ProgressEvent[] = [];
  const postmortems = new Map<string, string>();
  const history: Site['history'] = { tags: [], commits: [] };

  for (const [index, release] of [A, B, C].entries()) {
    const at = new Date(NIGHT - (3 - index) * 86_400_000).toISOString();
    const parent = history.commits.at(-1)?.commit;
    const parents = parent === undefined ? [] : [parent];
    history.commits.push({ commit: release.commit, parents, subject: `Release ${release.tag}` });
    history.tags.push({ name: release.tag, commit: release.commit, annotated: true, at });
    await releases.record(SCOPE, { ...release, at });
    target.publish(release);
  }
  for (const { tag } of [A, B]) await releases.mark(SCOPE, tag, 'good');
  await flags.publish('shop', { sales: BASE.sales }, { sales: SAFE.sales });
  await flags.publish('mail', { digest: BASE.digest }, { digest: SAFE.digest });

  const site: Site = {
    clock,
    target,
    cache,
    services,
    messenger,
    breakers,
    history,
    events,
    postmortems,
    verdict: 'passed',
    fleet: 'acknowledging',
    entries: (incident) => journal.read(SCOPE, incident),
    epoch: async () => (await breakers.read()).epoch,
    ports: {
      scope: SCOPE,
      clock,
      ids,
      journal,
      leases: memoryLeases(clock),
      flags,
      editor: flags,
      breakers: {
        ...breakers,
        async instances() {
          if (site.fleet === 'empty') return [];
          const heartbeat = new Date(clock.now()).toISOString();
          const { epoch } = await breakers.read();
          const behind = { generation: epoch.generation, counter: -1 };
          const applied = site.fleet === 'lagging' ? behind : epoch;
          if (site.fleet === 'lagging') return [{ id: 'web-1', applied, heartbeat, flags: {} }];
          const used = digestGroups(effectiveFlags(await flags.read()));
          return [{ id: 'web-1', applied, heartbeat, flags: used }];
        },
      },
      releases,
      repository: memoryRepository({ ...history, tagPattern: 'v*', scheme: 'semver' }),
      targets: [target],
      caches: [cache],
      services,
      checks: [
        {
          name: 'health',
          stages: ['now', 't+2', 't+10'],
          async run(): Promise<Measurement> {
            const { verdict } = site;
            const found = typeof verdict === 'function' ? await verdict() : verdict;
            const at = new Date(clock.now()).toISOString();
            const reason = `Told to be ${found}.`;
            return { check: 'health', verdict: found, reason, duration_ms: 0, at };
          },
        },
      ],
      messengers: [messenger],
      postmortems: {
        async publish(incident, _openedAt, markdown) {
          postmortems.set(incident, markdown);
          return `postmortems/${incident}.md`;
        },
      },
      observe: (event) => events.push(event),
      facts: {
        ...SCOPE,
        configHash: 'f'.repeat(64),
        groupsWithSafeValues: ['shop', 'mail'],
        providers: ['stripe', 'mailer'],
        fastPath: true,
        acknowledgeWithinMs: 5_000,
        budgetsMs: { flags: 30_000, application: 300_000, database: 900_000 },
        targets: [{ name: 'web', timeoutMs: 60_000, preflightMs: 10_000 }],
        stages: [
          { name: 'now', afterMs: 0 },
          { name: 't+2', afterMs: 120_000 },
          { name: 't+10', afterMs: 600_000 },
        ],
        bake: { durationMs: 600_000, everyMs: 60_000 },
      },
      settings: {
        leaseTtlMs: 30_000,
        messageCapMs: 2_000,
        messageFooter: {},
        holder: 'kim@laptop (pid 1)',
        due: { root_cause: 1, fix_plan: 2, process_gaps: 3, fix_deployment: 4 },
      },
    },
  };
  return site;
}

function isHeld({ hold, status }: Release): boolean {
  return hold !== undefined && status === 'bad';
}

/** What the outside witnesses say: not our words, the state itself. */
export async function worldOf({ ports, target, breakers }: Site): Promise<object> {
  const live = await target.current(new AbortController().signal);
  const { overrides } = await ports.flags.read();
  const { states } = await breakers.read();
  const releases = await ports.releases.list(ports.scope);
  return {
    live: live.known ? live.tag : undefined,
    deploys: target.effects.length,
    overrides: overrides.map(({ mode }) => mode),
    open: Object.entries(states)
      .filter(([, { state }]) => state === 'open')
      .map(([provider]) => provider),
    held: releases.filter(isHeld).map(({ tag }) => tag),
  };
}

type AnyFunction = (...given: unknown[]) => unknown;

/** The port with some of its functions (default: all) replaced. */
function replace<Port extends object>(
  port: Port,
  names: readonly string[] | undefined,
  make: (name: string, original: AnyFunction) => AnyFunction,
): Port {
  return new Proxy(port, {
    get(object, name): unknown {
      const original: unknown = Reflect.get(object, name);
      if (typeof original !== 'function' || typeof name !== 'string') return original;
      if (names !== undefined && !names.includes(name)) return original;
      return make(name, original as AnyFunction);
    },
  });
}

/** Never answers. */
export function hanging<Port extends object>(port: Port, ...names: (keyof Port & string)[]): Port {
  const only = names.length === 0 ? undefined : names;
  return replace(port, only, () => () => new Promise(() => undefined));
}

/** Cannot be reached. */
export function down<Port extends object>(port: Port, ...names: (keyof Port & string)[]): Port {
  const only = names.length === 0 ? undefined : names;
  return replace(port, only, () => () => Promise.reject(unreachable()));
}

export function unreachable(retryable = true): BackoutError {
  return new BackoutError({
    code: 'E_DOWN',
    message: 'It cannot be reached.',
    remedy: 'Bring it back.',
    retryable,
  });
}

/** Writes down every call as `name.function`, before it is made. */
export function watched<Port extends object>(name: string, port: Port, calls: string[]): Port {
  return replace(port, undefined, (method, original) => (...given) => {
    calls.push(`${name}.${method}`);
    return original.apply(port, given);
  });
}
