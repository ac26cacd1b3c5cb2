import { describe } from './describe.ts';
import { START } from './history.ts';
import { watchInvariants, type Violation } from './invariants.ts';
import { type Machine, openPorts, type ProcessPorts } from './ports.ts';
import { type Process, startProcess } from './process.ts';
import { unmountAll } from './programs/spool-directory.ts';
import type { ActorName, Scene, Task } from './scene.ts';
import { perform } from './tasks.ts';
import { type LogLine, openWorld, type World } from './world.ts';

/** Far more than anything here may last. */
const LONGEST_RUN_MS = 3 * 3_600_000;
/** After a crash that was injected, somebody starts it again. */
const RESTART_MS = 5_000;
const MOST_EVENTS = 400_000;

export interface Run {
  violations: Violation[];
  events: number;
  /** How much of the night was played, in milliseconds. */
  playedMs: number;
  log: LogLine[];
  /** The world as it was left. */
  world: World;
}

export interface RunOptions {
  /** Keeps the time line; it costs time. */
  log?: boolean;
  /** Stops at the first violation. Default true. */
  stopEarly?: boolean;
  /** Crash injection: asked at every boundary of every call; true kills the process there. */
  crashAt?: (process: Process, store: string, op: string, phase: 'before' | 'landed') => boolean;
}

/** Plays a scene to its end, with the invariants checked after every event. */
export async function runScene(scene: Scene, options: RunOptions = {}): Promise<Run> {
  const world = await openWorld(scene, options.log === true);
  const { scheduler } = world;
  const guard = watchInvariants(world);
  const machines = new Map<ActorName, Machine>();
  const counts = new Map<ActorName, { events: number; processes: number }>();
  const running = new Set<Process>();

  const machineOf = (actor: ActorName): Machine => {
    const machine = machines.get(actor) ?? { files: new Map(), setAside: [] };
    machines.set(actor, machine);
    return machine;
  };

  function begin(task: Task): void {
    const count = counts.get(task.actor) ?? { events: 0, processes: 0 };
    counts.set(task.actor, count);
    count.processes += 1;
    const process = startProcess({
      scheduler,
      scene,
      task,
      name: `${task.actor}#${count.processes}`,
      countEvent: () => (count.events += 1),
      onMishap: (one, mishap) => {
        const how = mishap.kind === 'kill' ? 'KILLED' : `STOPPED for ${mishap.ms / 1000} s`;
        world.note('fault', () => `${one.name} is ${how}`);
        // Whoever runs it starts it again: the platform's retry, or a person.
        if (mishap.kind === 'kill') scheduler.after(mishap.restart, () => begin(task));
      },
      onKill: (one) => running.delete(one),
    });
    running.add(process);
    world.note('world', () => `${process.name} starts: ${describe(task)}`);
    const spoolFirst = task.kind === 'alarm' || task.kind === 'trip';
    const groups = task.kind === 'alarm' ? task.groups : undefined;
    const opened = openPorts(world, process, machineOf(task.actor), guard, {
      mode: spoolFirst ? 'spool-first' : 'journal-first',
      ...(groups === undefined ? {} : { groups }),
    });
    process.deliver(0, () => void carryOut(process, opened));
  }

  async function carryOut(process: Process, { ports, journal }: ProcessPorts): Promise<void> {
    try {
      await perform(ports, process, (reported) => guard.report(process, reported));
      await journal.close();
    } catch (error) {
      guard.crash(process, error);
    }
    process.over = true;
    running.delete(process);
    guard.finish(process);
    world.note('world', () => `${process.name} is over`);
  }

  world.onBoundary = (process, store, op, phase) => {
    if (options.crashAt?.(process, store, op, phase) !== true) return;
    world.note('fault', () => `${process.name} is KILLED at ${store}.${op}, ${phase}`);
    process.kill();
    scheduler.after(RESTART_MS, () => begin(process.task));
  };
  for (const task of scene.tasks) scheduler.after(task.at, () => begin(task));
  for (const fault of scene.faults) {
    if (fault.kind !== 'redis-restart') continue;
    scheduler.after(fault.at, () => {
      world.note('fault', () => 'Redis restarts empty');
      world.breakers.restartEmpty();
      world.landed.push({
        at: scheduler.now(),
        process: undefined,
        store: 'breakers',
        op: 'restart',
        args: [],
        value: undefined,
      });
    });
  }
  let events = 0;
  const bounded = (): boolean =>
    events < MOST_EVENTS && (scheduler.next() ?? 0) < START + LONGEST_RUN_MS;
  while (bounded() && (await scheduler.step())) {
    events += 1;
    await guard.look();
    if (guard.violations.length > 0 && options.stopEarly !== false) break;
  }
  if (guard.violations.length === 0) {
    for (const process of running) guard.hang(process);
    await carryOver(world, machines);
    await guard.end([...machines.values()]);
  }
  unmountAll();
  const playedMs = scheduler.now() - START;
  return { violations: guard.violations, events, playedMs, log: world.log, world };
}

/** The morning after: all faults are over, and the next command of each machine drains its spool. */
async function carryOver(world: World, machines: ReadonlyMap<ActorName, Machine>): Promise<void> {
  world.onBoundary = () => undefined;
  const calm = { ...world, scene: { ...world.scene, faults: [] } };
  for (const [actor, machine] of machines) {
    const task: Task = { actor, at: 0, kind: 'close' };
    const process = startProcess({
      scheduler: world.scheduler,
      scene: calm.scene,
      name: `${actor}#morning`,
      task,
      countEvent: () => 0,
      onMishap: () => undefined,
      onKill: () => undefined,
    });
    const { journal } = openPorts(calm, process, machine, silent, { mode: 'journal-first' });
    const drained = new AbortController();
    process.deliver(0, () => {
      journal.drain().then(
        () => drained.abort(),
        () => undefined,
      );
    });
    for (let events = 0; events < 20_000 && !drained.signal.aborted; events += 1) {
      if (!(await world.scheduler.step())) break;
    }
  }
}

const silent = { statement: () => undefined, request: () => undefined };
