import { type Dice, dice } from './dice.ts';
import {
  type ActorName,
  ACTORS,
  type CallFault,
  type Fault,
  type Scene,
  STORES,
  type Task,
} from './scene.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The story that a seed stands for. */
export function makeScene(seed: number): Scene {
  const d = dice(`${seed}/scene`);
  const tasks = makeTasks(d);
  const faults = makeFaults(d);
  const plot = makePlot(d);
  const undoing = makeReturn(seed);
  return {
    seed,
    tasks: [...tasks, ...plot.tasks, ...makeMaintenance(seed), ...undoing.tasks].toSorted(
      (a, b) => a.at - b.at,
    ),
    faults: [...faults, ...plot.faults, ...makeSleep(seed), ...undoing.faults],
    fastPath: d.chance(plot.fastPath),
    targets: d.chance(0.25) ? ['web', 'worker'] : ['web'],
    sideBySide: dice(`${seed}/side-by-side`).chance(0.5),
    instances: d.between(0, 9) === 0 ? 0 : d.between(1, 3),
    underSafeState: d.chance(0.2) ? 'skip' : 'measure',
    rollbackHelps: d.chance(0.85),
  };
}

function makeTasks(d: Dice): Task[] {
  const tasks: Task[] = [];
  const alarm = (
    actor: ActorName,
    at: number,
    raised: number,
    more: { incident?: string },
  ): void => {
    const groups = d.chance(0.25) ? { groups: [d.pick(['shop', 'mail'])] } : {};
    tasks.push({ actor, kind: 'alarm', state: 'ALARM', at, raised, ...more, ...groups });
  };
  if (d.chance(0.85)) {
    const named = d.chance(0.5) ? { incident: 'alarm-critical-errors' } : {};
    const raised = d.between(0, 20) * SECOND;
    for (let copy = d.between(1, 4); copy > 0; copy -= 1) {
      const actor = d.pick<ActorName>(['emergency-1', 'emergency-2']);
      // Mostly at once, sometimes the very same instant, sometimes minutes late.
      const late = d.pick([0, 0, 5, 700, 40 * SECOND, 6 * MINUTE, 14 * MINUTE]);
      alarm(actor, raised + late, raised, named);
    }
    if (d.chance(0.4)) {
      const at = raised + d.between(1, 12 * 60) * SECOND;
      tasks.push({ actor: 'emergency-2', kind: 'alarm', state: 'OK', at, raised: at, ...named });
    }
  }
  if (d.chance(0.8)) tasks.push(rollback(d, 'workflow', d.between(0, 90) * SECOND));
  if (d.chance(0.2)) tasks.push(rollback(d, 'person', d.between(0, 120) * SECOND));
  if (d.chance(0.4))
    tasks.push({ actor: 'person', kind: 'resume', at: d.between(20, 420) * SECOND });
  if (d.chance(0.2)) {
    tasks.push({
      actor: 'person',
      kind: 'trip',
      isolate: d.chance(0.4),
      at: d.between(0, 600) * SECOND,
    });
  }
  if (d.chance(0.35)) {
    const tag = d.pick(['v1.3.0', 'v1.3.0', 'v1.0.0']);
    tasks.push({ actor: 'pipeline', kind: 'deploy', tag, at: d.between(0, 400) * SECOND });
  }
  if (d.chance(0.7)) {
    let at = d.between(60, 600) * SECOND;
    const pause = (): number => (at += d.between(1, 120) * SECOND);
    if (d.chance(0.85)) tasks.push({ actor: 'person', kind: 'recover', named: d.chance(0.3), at });
    if (d.chance(0.8)) tasks.push({ actor: 'person', kind: 'lift', at: pause() });
    if (d.chance(0.5)) tasks.push({ actor: 'person', kind: 'close', at: pause() });
    if (d.chance(0.3)) tasks.push({ actor: 'person', kind: 'recover', named: true, at: pause() });
    if (d.chance(0.3)) tasks.push({ actor: 'person', kind: 'lift', at: pause() });
    if (d.chance(0.3)) alarm('emergency-1', at + d.between(-3, 3) * SECOND, at, {});
  }
  if (tasks.length === 0) alarm('emergency-1', 0, 0, {});
  return tasks;
}

/** The machine of the workflow sleeps while it only watches. Dice of its own: it moves nothing else. */
function makeSleep(seed: number): Fault[] {
  const d = dice(`${seed}/sleep`);
  if (d.chance(0.9)) return [];
  const event = d.between(150, 260);
  return [{ kind: 'pause', actor: 'workflow', event, ms: d.between(60, 120) * SECOND }];
}

/** Somebody empties, restarts or tests meanwhile. Dice of its own: it moves nothing else. */
function makeMaintenance(seed: number): Task[] {
  const d = dice(`${seed}/maintenance`);
  if (d.chance(0.75)) return [];
  const work = d.pick<Extract<Task, { kind: 'maintain' }>['work']>([
    'flush',
    'restart',
    'flag-test',
  ]);
  return [{ actor: 'person', kind: 'maintain', work, at: d.between(0, 500) * SECOND }];
}

/**
 * Somebody finds that it did not help, and undoes it; later perhaps another one rolls back again, and
 * what was asked of the records arrives only then. Dice of its own: it moves nothing else.
 */
function makeReturn(seed: number): Pick<Plot, 'tasks' | 'faults'> {
  const d = dice(`${seed}/return`);
  if (d.chance(0.7)) return { tasks: [], faults: [] };
  const at = d.between(20, 400) * SECOND;
  const undo: Task = { actor: 'person', kind: 'return', think: d.pick([0, 0, 20]) * SECOND, at };
  if (d.chance(0.3)) return { tasks: [undo], faults: [] };
  const again = rollback(d, 'workflow', at + d.between(20, 120) * SECOND);
  const late = {
    store: 'releases',
    actor: 'person',
    from: at,
    to: at + 2 * MINUTE,
    share: 1,
  } as const;
  const faults: Fault[] = d.chance(0.5)
    ? [{ kind: d.pick(['duplicate', 'apply-late']), ...late }]
    : [];
  return { tasks: [undo, again], faults };
}

function rollback(d: Dice, actor: ActorName, at: number): Task {
  return { actor, kind: 'rollback', at, think: d.pick([0, 0, 2, 20, 90]) * SECOND };
}

interface Plot {
  tasks: Task[];
  faults: Fault[];
  /** How often there is a Redis. */
  fastPath: number;
}

/**
 * What chance alone brings about too rarely: that several things which only harm together happen
 * in the right order. Half of the seeds have none.
 */
function makePlot(d: Dice): Plot {
  const at = d.between(0, 60) * SECOND;
  const event = d.between(20, 170);
  const work = rollback(d, 'workflow', at);
  switch (d.between(0, 7)) {
    case 0: {
      // Somebody gives a rollback up, another release goes live, and a third person resumes.
      const restart = d.between(60, 400) * SECOND;
      const tag = d.pick(['v1.3.0', 'v1.0.0']);
      return {
        fastPath: 0.9,
        faults: [{ kind: 'kill', actor: 'workflow', event, restart }],
        tasks: [
          work,
          { actor: 'pipeline', kind: 'deploy', tag, at: at + d.between(10, 60) * SECOND },
          { actor: 'person', kind: 'resume', at: at + d.between(60, 240) * SECOND },
        ],
      };
    }
    case 1: {
      // The holder sleeps past its lease, or its change is late, and somebody takes over.
      const sleep: Fault = {
        kind: 'pause',
        actor: 'workflow',
        event: event + d.pick([0, 80, 160]),
        ms: d.between(25, 120) * SECOND,
      };
      const late = makeLate(d, 'target', 'workflow');
      return {
        fastPath: 0.9,
        faults: [d.chance(0.6) ? sleep : late],
        tasks: [
          work,
          d.chance(0.5)
            ? { actor: 'person', kind: 'resume', at: at + d.between(15, 110) * SECOND }
            : {
                actor: 'pipeline',
                kind: 'deploy',
                tag: 'v1.3.0',
                at: at + d.between(15, 70) * SECOND,
              },
          { actor: 'person', kind: 'resume', at: at + d.between(110, 300) * SECOND },
        ],
      };
    }
    case 2: {
      // Alarms of one incident, a lift, and calls that arrive in another order than they were made.
      const incident = 'alarm-critical-errors';
      const alarm = (after: number): Task => ({
        actor: d.pick<ActorName>(['emergency-1', 'emergency-2']),
        kind: 'alarm',
        state: 'ALARM',
        raised: at,
        at: Math.max(0, at + after),
        incident,
      });
      const lift = d.between(20, 90) * SECOND;
      return {
        fastPath: 0.3,
        faults: [makeLate(d, 'flags', d.pick(['emergency-1', 'emergency-2', 'person']))],
        tasks: [
          alarm(0),
          alarm(lift + d.between(-400, 400)),
          alarm(lift + d.between(-3_000, 3_000)),
          { actor: 'person', kind: 'recover', named: true, at: at + 5 * SECOND },
          { actor: 'person', kind: 'lift', at: at + lift },
        ],
      };
    }
    case 3:
      // It dies in the middle of a step, and what it did cannot be read when it is resumed.
      return {
        fastPath: 1,
        faults: [
          { kind: 'kill', actor: 'workflow', event, restart: d.between(1, 50) * SECOND },
          {
            kind: d.pick(['refuse', 'hang', 'refuse']),
            store: d.pick(['target', 'target', 'flags', 'breakers']),
            actor: 'all',
            from: at + 5 * SECOND,
            to: at + d.between(30, 120) * SECOND,
            share: d.pick([0.3, 0.6]),
          },
        ],
        tasks: [work],
      };
    default:
      return { tasks: [], faults: [], fastPath: 0.8 };
  }
}

function makeLate(d: Dice, store: 'flags' | 'target', actor: ActorName): Fault {
  return {
    kind: d.pick(['apply-late', 'apply-late', 'duplicate']),
    store,
    actor,
    from: 0,
    to: 600 * SECOND,
    share: d.pick([0.3, 1]),
  };
}

const CALL_FAULTS: readonly [CallFault, ...CallFault[]] = [
  'refuse',
  'throttle',
  'hang',
  'slow',
  'apply-then-fail',
  'apply-late',
  'duplicate',
  'stale',
];

function makeFaults(d: Dice): Fault[] {
  const faults: Fault[] = [];
  // One seed in eight has a calm day: what then goes wrong is our doing alone.
  if (d.chance(0.125)) return faults;
  for (let count = d.between(0, 5); count > 0; count -= 1) faults.push(makeCallFault(d));
  for (let count = d.between(0, 3); count > 0; count -= 1) {
    const actor = d.pick(ACTORS);
    // Most calls are made early: the events to die at are picked with that in mind.
    const event = d.between(1, d.pick([12, 40, 120, 400]));
    if (d.chance(0.6)) {
      faults.push({ kind: 'kill', actor, event, restart: d.between(1, 60) * SECOND });
    } else faults.push({ kind: 'pause', actor, event, ms: d.between(1, 100) * SECOND });
  }
  if (d.chance(0.25)) {
    faults.push({ kind: 'skew', actor: d.pick(ACTORS), ms: d.between(-3_000, 3_000) });
  }
  if (d.chance(0.15)) faults.push({ kind: 'redis-restart', at: d.between(0, 600) * SECOND });
  const from = d.between(0, 300) * SECOND;
  const to = from + d.between(1, 200) * SECOND;
  if (d.chance(0.2)) faults.push({ kind: 'lag', instance: d.between(0, 2), from, to });
  if (d.chance(0.15)) faults.push({ kind: 'silent', instance: d.between(0, 2), from, to });
  if (d.chance(0.08)) faults.push({ kind: 'no-artefact', tag: d.pick(['v1.1.0', 'v1.0.0']) });
  if (d.chance(0.15)) faults.push({ kind: 'sick', from, to });
  return faults;
}

function makeCallFault(d: Dice): Fault {
  const from = d.pick([0, 0, d.between(0, 120) * SECOND, d.between(0, 600) * SECOND]);
  return {
    kind: d.pick(CALL_FAULTS),
    store: d.chance(0.5) ? d.pick(STORES) : d.pick(['flags', 'journal', 'target', 'breakers']),
    // Cut off from one store, alone; or the store has a bad time with everybody.
    actor: d.chance(0.4) ? d.pick(ACTORS) : 'all',
    from,
    to: from + d.pick([2, 10, 60, 240, 1_800]) * SECOND,
    share: d.pick([0.05, 0.2, 0.5, 1]),
  };
}
