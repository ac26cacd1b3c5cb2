import type { HandOverRequest } from '../model/hand-over.ts';

/** Our own function that may change targets: for when no workflow does. */
export interface RollbackRunner {
  /**
   * Sets it going, and does not wait for its end. Asking again is safe: it finds what is done.
   * @throws BackoutError E_RUNNER: `failed`, it was not started; `uncertain`, it may have been
   */
  start(request: HandOverRequest): Promise<void>;
}
