import type { NewEntry } from '../../../src/model/journal.ts';
import type { Machine } from '../ports.ts';
import type { Process } from '../process.ts';
import type { Reported } from '../tasks.ts';
import type { View, Write } from '../world.ts';

/** The invariants by their numbers in docs/simulator.md; `thrown`: an error of no known kind. */
export type Rule =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I7'
  | 'I10'
  | 'I11'
  | 'I12'
  | 'I13'
  | 'I14'
  | 'I15'
  | 'I17'
  | 'I18'
  | 'I19'
  | 'thrown';

export type Complain = (id: Rule, text: string) => void;

/** What an invariant is told; it keeps its own history and complains. */
export interface Watch {
  /** A change took effect. */
  landed?(write: Write, before: View, after: View): void;
  /** A process says something to its journal. */
  statement?(process: Process, entry: NewEntry): void;
  /** A process asks a store for a change. */
  request?(process: Process, store: string, op: string, args: readonly unknown[]): void;
  /** An operation returned. */
  report?(process: Process, reported: Reported): void;
  finish?(process: Process): void;
  end?(machines: readonly Machine[]): void | Promise<void>;
}
