import type { Clock } from '../../src/ports/clock.ts';
import type { Ids } from '../../src/ports/ids.ts';
import { dice } from './dice.ts';
import type { ActorName, Fault, Scene, StoreName, Task } from './scene.ts';
import type { Scheduler, Timer } from './scheduler.ts';

/** The last answer of one store that a process has seen. */
export interface Reading {
  at: number;
  /** What it said; undefined when the answer was an error. */
  value: unknown;
}

/** One running program. When it is killed, nothing of it ever runs again: its promises stay open. */
export interface Process {
  /** `workflow#2`: the second process of the workflow. */
  readonly name: string;
  readonly actor: ActorName;
  readonly task: Task;
  readonly startedAt: number;
  readonly clock: Clock;
  readonly ids: Ids;
  alive: boolean;
  over: boolean;
  /** How often it was stopped for a while: then its own deadlines mean nothing. */
  pauses: number;
  /** Calls so far by store: names the dice of each call. */
  readonly calls: Map<StoreName, number>;
  /** By store, and `target:web` for one target. */
  readonly readings: Map<string, Reading>;
  /** When a store was last asked to change something. */
  readonly writes: Map<string, number>;
  /** Steps whose intent it has said, and where that is kept. */
  readonly intents: Map<string, 'said' | 'journal' | 'spool'>;
  /** When it got its leases, and when it last read the journal, as the stores saw it. */
  leasedAt: number | undefined;
  journalReadAt: number | undefined;
  /** Runs something in this process after `ms`, when it is alive and not stopped then. */
  deliver(ms: number, run: () => void): Timer;
  kill(): void;
}

type Mishap = Extract<Fault, { kind: 'kill' | 'pause' }>;

export interface ProcessOptions {
  scheduler: Scheduler;
  scene: Scene;
  name: string;
  task: Task;
  /** Counts the events of the actor over all its processes: what kills and pauses are placed by. */
  countEvent(): number;
  onMishap(process: Process, mishap: Mishap): void;
  onKill(process: Process): void;
}

export function startProcess(options: ProcessOptions): Process {
  const { scheduler, scene, name, task } = options;
  const d = dice(`${scene.seed}/${name}`);
  const mishaps = scene.faults.filter(
    (fault): fault is Mishap =>
      (fault.kind === 'kill' || fault.kind === 'pause') && fault.actor === task.actor,
  );
  const skew = scene.faults.find((fault) => fault.kind === 'skew' && fault.actor === task.actor);
  const skewMs = skew?.kind === 'skew' ? skew.ms : 0;
  let pausedUntil = 0;

  function meetMishap(): 'killed' | 'paused' | undefined {
    const event = options.countEvent();
    const mishap = mishaps.find((one) => one.event === event);
    if (mishap === undefined) return undefined;
    options.onMishap(process, mishap);
    if (mishap.kind === 'kill') {
      process.kill();
      return 'killed';
    }
    process.pauses += 1;
    pausedUntil = scheduler.now() + mishap.ms;
    return 'paused';
  }

  const process: Process = {
    name,
    actor: task.actor,
    task,
    startedAt: scheduler.now(),
    alive: true,
    over: false,
    pauses: 0,
    calls: new Map(),
    readings: new Map(),
    writes: new Map(),
    intents: new Map(),
    leasedAt: undefined,
    journalReadAt: undefined,
    ids: { next: () => idOf(d.next), random: d.next },
    clock: {
      now: () => scheduler.now() + skewMs,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (!process.alive) return;
          const stop = (): void => {
            timer.cancel();
            // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the port's promise
            reject(signal?.reason);
          };
          const timer = process.deliver(Number.isFinite(ms) ? ms : 0, () => {
            signal?.removeEventListener('abort', stop);
            resolve();
          });
          if (signal?.aborted === true) stop();
          else signal?.addEventListener('abort', stop, { once: true });
        }),
    },
    deliver(ms, run) {
      let cancelled = false;
      let timer: Timer;
      const fire = (): void => {
        if (cancelled || !process.alive) return;
        const stopped = scheduler.now() < pausedUntil ? 'paused' : meetMishap();
        if (stopped === undefined) run();
        if (stopped === 'paused') timer = scheduler.after(pausedUntil - scheduler.now(), fire);
      };
      timer = scheduler.after(ms, fire);
      return {
        cancel() {
          cancelled = true;
          timer.cancel();
        },
      };
    },
    kill() {
      if (!process.alive) return;
      process.alive = false;
      options.onKill(process);
    },
  };
  return process;
}

function idOf(next: () => number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let id = '';
  for (let length = 0; length < 8; length += 1) id += letters[Math.floor(next() * 36)] ?? 'a';
  return id;
}
