import { setImmediate as turn } from 'node:timers/promises';
import { dice } from './dice.ts';

/** Something that will happen at its time, unless it is cancelled. */
export interface Timer {
  cancel(): void;
}

/** Virtual time and all that is due in it. Nothing happens but what one event makes happen. */
export interface Scheduler {
  /** Milliseconds since 1970 of the world's own clock; no process is asked for the true time. */
  now: () => number;
  after(ms: number, run: () => void): Timer;
  /** Runs the next event and everything it makes happen at once; false when nothing is due. */
  step(): Promise<boolean>;
  /** When the next event is due; undefined when there is none. */
  next(): number | undefined;
}

interface Event {
  due: number;
  /** Seeded: which of two events of the same millisecond comes first is the seed's choice. */
  tie: number;
  count: number;
  run: (() => void) | undefined;
}

export function openScheduler(seed: number, start: number): Scheduler {
  const ties = dice(`${seed}/ties`);
  const heap: Event[] = [];
  let time = start;
  let count = 0;

  function next(): Event | undefined {
    for (;;) {
      const first = heap[0];
      if (first === undefined || first.run !== undefined) return first;
      takeFirst(heap);
    }
  }

  return {
    now: () => time,
    after(ms, run) {
      count += 1;
      const event: Event = {
        due: time + Math.max(0, Math.round(ms)),
        tie: ties.next(),
        count,
        run,
      };
      insert(heap, event);
      return {
        cancel: () => {
          event.run = undefined;
        },
      };
    },
    async step() {
      const event = next();
      if (event === undefined) return false;
      takeFirst(heap);
      time = event.due;
      event.run?.();
      // The turn of the event loop ends only when no promise has anything left to do.
      await turn();
      return true;
    },
    next: () => next()?.due,
  };
}

function isBefore(a: Event, b: Event): boolean {
  if (a.due !== b.due) return a.due < b.due;
  return a.tie === b.tie ? a.count < b.count : a.tie < b.tie;
}

function insert(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(event, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = event;
}

function takeFirst(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const [a, b] = [heap[left], heap[left + 1]];
    const child = a !== undefined && b !== undefined && isBefore(b, a) ? left + 1 : left;
    const smaller = heap[child];
    if (smaller === undefined || !isBefore(smaller, last)) break;
    heap[index] = smaller;
    index = child;
  }
  heap[index] = last;
}
