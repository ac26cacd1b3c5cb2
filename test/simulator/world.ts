/** Everything that outlives a process: the stores, the running service, and what really happened. */

import { memoryBreakers, type MemoryBreakers } from '../../src/adapters/memory/breakers.ts';
import { type MemoryCache, memoryCache } from '../../src/adapters/memory/cache.ts';
import { memoryFlags } from '../../src/adapters/memory/flags.ts';
import { memoryJournal } from '../../src/adapters/memory/journal.ts';
import { memoryLeases } from '../../src/adapters/memory/leases.ts';
import { memoryReleases } from '../../src/adapters/memory/releases.ts';
import { type MemoryService, memoryService } from '../../src/adapters/memory/service.ts';
import { memoryTarget, type MemoryTarget } from '../../src/adapters/memory/target.ts';
import type { Epoch } from '../../src/model/breaker.ts';
import { digestGroups, effectiveFlags, type FlagSnapshot } from '../../src/model/flags.ts';
import type { Instance } from '../../src/model/instance.ts';
import type { JournalEntry, NewEntry } from '../../src/model/journal.ts';
import { targetResource } from '../../src/model/lease.ts';
import type { Release } from '../../src/model/release.ts';
import type { BreakerSnapshot } from '../../src/ports/breakers.ts';
import type { Leases } from '../../src/ports/leases.ts';
import { dice } from './dice.ts';
import { BAD, CANARY, publishHistory, RELEASES, SCOPE, START } from './history.ts';
import type { Process } from './process.ts';
import type { Scene } from './scene.ts';
import { openScheduler, type Scheduler } from './scheduler.ts';

/** A change that a store was asked for and that took effect there. */
export interface Write {
  at: number;
  process: Process | undefined;
  store: string;
  op: string;
  /** What was asked, as the port's parameters. */
  args: readonly unknown[];
  /** What the store answered. */
  value: unknown;
}

/** A real change of what is live on a target. */
export interface Deployment {
  at: number;
  target: string;
  tag: string;
  /** What was live until then. */
  before: string | undefined;
  fence: number;
  process: Process;
}

/** What the stores hold, all of it at one instant. */
export interface View {
  flags: FlagSnapshot;
  breakers: BreakerSnapshot;
  releases: Release[];
  live: Record<string, string | undefined>;
}

export interface LogLine {
  at: number;
  who: string;
  text: string;
}

export interface World {
  readonly scene: Scene;
  readonly scheduler: Scheduler;
  readonly flags: ReturnType<typeof memoryFlags>;
  readonly breakers: MemoryBreakers;
  readonly journal: ReturnType<typeof memoryJournal>;
  readonly leases: Leases;
  readonly releases: ReturnType<typeof memoryReleases>;
  readonly targets: readonly MemoryTarget[];
  readonly cache: MemoryCache;
  readonly services: readonly MemoryService[];
  view: View;
  /** Journal rows in the order of storing. */
  readonly entries: { at: number; entry: JournalEntry }[];
  /** Entries that a process was told are kept, in the journal or on its disk. */
  readonly acknowledged: { at: number; process: Process; entry: NewEntry }[];
  /** Writes that landed since the last look, and all deployments ever. */
  readonly landed: Write[];
  readonly deployments: Deployment[];
  /** When a process asked how the service is, whatever the answer. */
  readonly looks: { at: number; process: Process }[];
  /** When each claim about the world (`live:web:v1.1.0`) was last true. */
  readonly lastTrue: Map<string, number>;
  /** Caches that were really emptied, and services that were really restarted, as steps. */
  readonly maintained: { at: number; what: string }[];
  readonly flagHistory: { at: number; snapshot: FlagSnapshot }[];
  readonly messages: string[];
  readonly log: LogLine[];
  /** Called at the boundaries of every call; crash injection kills here. */
  onBoundary: (process: Process, store: string, op: string, phase: 'before' | 'landed') => void;
  note(who: string, text: () => string): void;
  /** Reads the stores again; call it when something landed. */
  look(): Promise<void>;
  instances(): Instance[];
  healthy(): boolean;
  resourceOf(target: string): string;
}

/** Between two heartbeats of an instance (docs/contract.md). */
const HEARTBEAT_MS = 2_000;

export async function openWorld(scene: Scene, keepLog: boolean): Promise<World> {
  const scheduler = openScheduler(scene.seed, START);
  const clock = { now: scheduler.now, sleep: () => Promise.reject(new Error('No store sleeps.')) };
  const d = dice(`${scene.seed}/world`);
  let generations = 0;
  const breakers = memoryBreakers({ next: () => `gen${(generations += 1)}`, random: d.next });
  const epochs: { at: number; epoch: Epoch }[] = [];
  const faults = scene.faults;
  // Digests cost time, and only maintenance asks for them.
  const proves = scene.tasks.some(({ kind }) => kind === 'maintain');

  const world: World = {
    scene,
    scheduler,
    flags: memoryFlags(),
    breakers,
    journal: memoryJournal(),
    leases: memoryLeases(clock),
    releases: memoryReleases(),
    targets: scene.targets.map((name) => memoryTarget(name, BAD)),
    cache: memoryCache('readings'),
    services: ['api', 'worker'].map(memoryService),
    view: {
      flags: { base: {}, safe: {}, overrides: [] },
      breakers: await breakers.read(),
      releases: [],
      live: {},
    },
    entries: [],
    acknowledged: [],
    landed: [],
    deployments: [],
    looks: [],
    lastTrue: new Map(),
    maintained: [],
    flagHistory: [],
    messages: [],
    log: [],
    onBoundary: () => undefined,
    note(who, text) {
      if (keepLog) world.log.push({ at: scheduler.now(), who, text: text() });
    },
    async look() {
      const now = scheduler.now();
      const [flags, read, releases] = await Promise.all([
        world.flags.read(),
        breakers.read(),
        world.releases.list(SCOPE),
      ]);
      const signal = new AbortController().signal;
      const live: View['live'] = {};
      for (const target of world.targets) {
        const said = await target.current(signal);
        live[target.name] = said.known ? said.tag : undefined;
      }
      world.view = { flags, breakers: read, releases, live };
      const claims = claimsOf(world.view);
      for (const [claim, at] of world.lastTrue) {
        if (at === Infinity && !claims.has(claim)) world.lastTrue.set(claim, now);
      }
      for (const claim of claims) world.lastTrue.set(claim, Infinity);
      const known = epochs.at(-1)?.epoch;
      if (known?.generation !== read.epoch.generation || known.counter !== read.epoch.counter) {
        epochs.push({ at: now, epoch: read.epoch });
      }
      world.flagHistory.push({ at: now, snapshot: flags });
    },
    instances() {
      const now = scheduler.now();
      return Array.from({ length: scene.instances }, (_, index) => {
        const inWindow = (kind: 'lag' | 'silent') =>
          faults.find(
            (fault) =>
              fault.kind === kind &&
              fault.instance === index &&
              now >= START + fault.from &&
              now < START + fault.to,
          );
        const silent = inWindow('silent');
        const lag = inWindow('lag');
        const beat =
          silent !== undefined && 'from' in silent ? START + silent.from : now - 30 * index;
        // An instance polls: what it uses is a little older than what is stored.
        const seen =
          lag !== undefined && 'from' in lag ? START + lag.from : beat - 40 * (index + 1);
        const applied = epochs.findLast(({ at }) => at <= seen)?.epoch ?? epochs[0]?.epoch;
        const heartbeat = new Date(beat - ((beat - START) % HEARTBEAT_MS)).toISOString();
        const id = `web-${index + 1}`;
        if (!proves) return { id, applied, heartbeat };
        const used = world.flagHistory.findLast(({ at }) => at <= seen)?.snapshot;
        const values = used === undefined ? {} : digestGroups(effectiveFlags(used));
        return { id, applied, heartbeat, flags: values };
      });
    },
    healthy() {
      const at = scheduler.now() - START;
      const sick = faults.some(
        (fault) => fault.kind === 'sick' && at >= fault.from && at < fault.to,
      );
      const bad = Object.values(world.view.live).includes(BAD.tag);
      return !sick && !(bad || !scene.rollbackHelps);
    },
    resourceOf: (target) => targetResource(SCOPE, target),
  };

  const missing = faults.flatMap((fault) => (fault.kind === 'no-artefact' ? [fault.tag] : []));
  for (const target of world.targets) {
    // The platform goes on by itself, whatever becomes of the process that asked for it.
    target.beforeChange = () =>
      new Promise((resolve) => {
        scheduler.after(d.between(500, 8_000), resolve);
      });
    for (const release of RELEASES) if (!missing.includes(release.tag)) target.publish(release);
  }
  await publishHistory(world.releases);
  await world.flags.publish('shop', { sales: true }, { sales: false });
  await world.flags.publish('mail', { digest: true }, { digest: false });
  await world.flags.publish(CANARY.group, { canary: true }, { canary: false });
  await world.look();
  return world;
}

/** What is true of a view, in words that invariants ask for later. */
function claimsOf({ flags, breakers, releases, live }: View): Set<string> {
  const claims = new Set<string>();
  for (const override of flags.overrides) {
    if (override.mode === 'lifted') claims.add(`lifted:${override.incident}`);
    if (override.mode !== 'safe') continue;
    for (const group of override.groups ?? Object.keys(flags.safe)) {
      claims.add(`safe:${override.incident}:${group}`);
    }
  }
  for (const { name, base } of effectiveFlags(flags))
    claims.add(`base:${name}:${JSON.stringify(base)}`);
  for (const [provider, { state }] of Object.entries(breakers.states)) {
    if (state === 'closed') claims.add(`closed:${provider}`);
    if (state === 'open' || state === 'isolated') claims.add(`open:${provider}`);
  }
  for (const [target, tag] of Object.entries(live)) claims.add(`live:${target}:${tag ?? '?'}`);
  for (const { tag, status, hold } of releases) {
    claims.add(`recorded:${tag}`);
    if (status === 'bad' && hold !== undefined) claims.add(`held:${tag}`);
    if (status !== 'bad' && hold === undefined) claims.add(`free:${tag}`);
  }
  return claims;
}
