import type { Measurement } from '../model/check.ts';

export interface CheckContext {
  /** True while breakers are open and flags are off: checks then expect `under_safe_state`. */
  safeState: boolean;
  /**
   * True while breakers come back one by one: part of the calls behaves as usual, part as under the
   * safe state. Either expectation is good then, and the breakers' own state is not asked about.
   */
  recovering?: boolean;
  signal: AbortSignal;
}

/** A question about the service's health. */
export interface Check {
  readonly name: string;
  /** Stages it belongs to: `now`, `t+2`, `t+10`. */
  readonly stages: readonly string[];
  /**
   * Asks once, within its own timeout. Never throws: a check that cannot do its work answers with
   * verdict `error`. `undefined` = it does not apply in this context (`under_safe_state: skip`).
   */
  run(context: CheckContext): Promise<Measurement | undefined>;
}
