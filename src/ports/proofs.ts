import type { Proof } from '../model/readiness.ts';
import type { Scope } from '../model/scope.ts';

/** What the journal says was done and proven, without reading all of it. */
export interface Proofs {
  /**
   * The newest proof of each level, and of each way to prove it: executions that ended `done`.
   * @throws BackoutError E_JOURNAL_UNREACHABLE
   */
  newest(scope: Scope): Promise<Proof[]>;
}
