/** The running service as a process sees it: its targets, and the questions about its health. */

import { flagsSafeCheck } from '../../src/operations/checks/flags-safe.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import type { Check } from '../../src/ports/checks.ts';
import type { MemoryService } from '../../src/adapters/memory/service.ts';
import type { Cache } from '../../src/ports/caches.ts';
import type { ManagedService, ServiceStatus } from '../../src/ports/services.ts';
import type { Target } from '../../src/ports/target.ts';
import { BAD } from './history.ts';
import type { Process } from './process.ts';
import type { StoreName } from './scene.ts';
import type { World } from './world.ts';

/** Asks a store, through the faults. */
export type Read = <T>(
  store: StoreName,
  op: string,
  effect: () => Promise<T>,
  more?: { about?: string; signal?: AbortSignal },
) => Promise<T>;
/** Asks a store for a change, through the faults. */
export type Write = <T>(
  store: StoreName,
  op: string,
  args: readonly unknown[],
  effect: (detached: boolean) => Promise<T>,
  more?: { about?: string; signal?: AbortSignal },
) => Promise<T>;

/** A platform that takes some seconds to deploy, whoever asked for it and whatever became of them. */
export function openTarget(
  world: World,
  process: Process,
  index: number,
  read: Read,
  write: Write,
): Target {
  const target = world.targets[index];
  if (target === undefined) throw new Error(`There is no target ${index}.`);
  const { name } = target;
  return {
    name,
    kind: target.kind,
    preflight: (release) =>
      read('git', 'preflight', () => target.preflight(release), { about: release.tag }),
    current: (signal) =>
      read('target', 'current', () => target.current(signal), { about: name, signal }),
    apply: (release, guard) =>
      write(
        'target',
        'apply',
        [name, release, guard.fence],
        async (detached) => {
          const changes = target.effects.length;
          const signal = detached ? new AbortController().signal : guard.signal;
          await target.apply(release, { ...guard, signal });
          if (target.effects.length === changes) return;
          world.deployments.push({
            at: world.scheduler.now(),
            target: name,
            tag: release.tag,
            before: target.effects.at(-2)?.tag ?? BAD.tag,
            fence: guard.fence,
            process,
          });
        },
        { about: `${name} ${release.tag} fence ${guard.fence}`, signal: guard.signal },
      ),
  };
}

export function openChecks(
  world: World,
  process: Process,
  clock: OperationPorts['clock'],
  read: Read,
  readFlags: OperationPorts['flags']['read'],
): Check[] {
  const { underSafeState } = world.scene;
  const stages = ['now', 't+2', 't+10'];
  const health: Check = {
    name: 'health',
    stages,
    async run({ safeState }) {
      if (safeState && underSafeState === 'skip') return undefined;
      const at = new Date(clock.now()).toISOString();
      world.looks.push({ at: world.scheduler.now(), process });
      const measured = { check: 'health', duration_ms: 0, at };
      try {
        const healthy = await read('metrics', 'read', () => Promise.resolve(world.healthy()));
        return {
          ...measured,
          verdict: healthy ? 'passed' : 'failed',
          reason: 'Asked the service.',
        };
      } catch {
        return { ...measured, verdict: 'error', reason: 'The service was not asked.' };
      }
    },
  };
  if (underSafeState === 'skip') return [health];
  const flags = { read: readFlags };
  const options = { name: 'flags-safe', stages, flags, groups: 'all' as const, timeoutMs: 3_000 };
  return [health, flagsSafeCheck({ ...options, clock })];
}

/** A cache, asked through the faults. */
export function openCache(world: World, read: Read, write: Write): Cache {
  const { cache } = world;
  return {
    name: cache.name,
    covers: cache.covers,
    flush: (run, progress) =>
      write(
        'cache',
        'flush',
        [run],
        async () => {
          const emptied = await cache.flush(run, progress);
          world.maintained.push({ at: world.scheduler.now(), what: `flush:${cache.name}` });
          return emptied;
        },
        { about: cache.name },
      ),
    isFlushed: (run) => read('cache', 'read', () => cache.isFlushed(run), { about: cache.name }),
  };
}

/** A service that something keeps running, asked through the faults. */
export function openManaged(
  world: World,
  service: MemoryService,
  read: Read,
  write: Write,
): ManagedService {
  const { name, kind } = service;
  return {
    name,
    kind,
    status: (signal) =>
      read('service', 'look', () => service.status(signal), { about: name, signal }).catch(
        (error: unknown): ServiceStatus => ({ state: 'unknown', detail: String(error) }),
      ),
    restart: (signal) =>
      write(
        'service',
        'restart',
        [name],
        async () => {
          await service.restart(signal);
          world.maintained.push({ at: world.scheduler.now(), what: `restart:${name}` });
        },
        { about: name, signal },
      ),
  };
}
