import type { Rule } from '../../simulator/invariants/invariant.ts';
import type { TextChange } from '../../simulator/programs/load-hooks.ts';

/** A bug that somebody could really make, and the invariant that has to find it. */
export interface Mutant extends TextChange {
  name: string;
  breaks: readonly Rule[];
  why: string;
}

export const MUTANTS: readonly Mutant[] = [];
