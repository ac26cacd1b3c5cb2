import { BackoutError } from '../../src/model/error.ts';
import type { NewEntry } from '../../src/model/journal.ts';
import { endings } from './invariants/endings.ts';
import { flagsStayOff } from './invariants/flags.ts';
import type { Rule, Watch } from './invariants/invariant.ts';
import { recordIsWhole } from './invariants/record.ts';
import { returnsAreHarmless } from './invariants/returns.ts';
import { stepsAreProven } from './invariants/steps.ts';
import { stagesAreWatched } from './invariants/watching.ts';
import { targetsAreGuarded } from './invariants/targets.ts';
import type { Machine } from './ports.ts';
import type { Process } from './process.ts';
import type { Reported } from './tasks.ts';
import type { View, World } from './world.ts';

export interface Violation {
  id: Rule;
  at: number;
  text: string;
}

/** The stores that a view is of. */
const SEEN: readonly string[] = ['flags', 'breakers', 'releases', 'target'];

/** Checks the world after every event, and what processes say and report. */
export interface Guard {
  readonly violations: Violation[];
  statement(process: Process, entry: NewEntry): void;
  request(process: Process, store: string, op: string, args: readonly unknown[]): void;
  report(process: Process, reported: Reported): void;
  crash(process: Process, error: unknown): void;
  finish(process: Process): void;
  hang(process: Process): void;
  /** After each event: what landed is compared with what was before. */
  look(): Promise<void>;
  end(machines: readonly Machine[]): Promise<void>;
}

export function watchInvariants(world: World): Guard {
  const violations: Violation[] = [];
  const complain = (id: Rule, text: string): void => {
    violations.push({ id, at: world.scheduler.now(), text });
    world.note('invariant', () => `${id} IS BROKEN: ${text}`);
  };
  const watches: Watch[] = [
    flagsStayOff(world, complain),
    stepsAreProven(world, complain),
    stagesAreWatched(world, complain),
    targetsAreGuarded(world, complain),
    returnsAreHarmless(world, complain),
    recordIsWhole(world, complain),
    endings(world, complain),
  ];
  return {
    violations,
    statement: (process, entry) => watches.forEach((one) => one.statement?.(process, entry)),
    request: (process, store, op, args) =>
      watches.forEach((one) => one.request?.(process, store, op, args)),
    report: (process, reported) => watches.forEach((one) => one.report?.(process, reported)),
    finish: (process) => watches.forEach((one) => one.finish?.(process)),
    crash(process, error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (!(error instanceof BackoutError)) complain('thrown', `${process.name}: ${text}`);
    },
    hang: (process) =>
      complain(
        'I15',
        `${process.name} (${process.task.kind}) waits for something that never comes.`,
      ),
    async look() {
      if (world.landed.length === 0) return;
      const before: View = world.view;
      const writes = world.landed.splice(0);
      if (writes.some(({ store }) => SEEN.includes(store))) await world.look();
      for (const write of writes) {
        for (const one of watches) one.landed?.(write, before, world.view);
      }
    },
    async end(machines) {
      for (const one of watches) await one.end?.(machines);
    },
  };
}
