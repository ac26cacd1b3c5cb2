import type { SingleFlagState } from '../model/single-flags.ts';

/**
 * Flags that have a place each and are switched one by one. The override comes first (FlagStore):
 * it is the decision, in one write; this carries it to programs that do not know of overrides.
 */
export interface SingleFlags {
  /**
   * Those of the groups (left out: of all) that are not at their safe value. To be journaled before
   * anything is changed.
   * @throws BackoutError E_FLAGS_UNREACHABLE
   */
  look(groups?: readonly string[]): Promise<SingleFlagState[]>;
  /**
   * Puts the safe values, as fast as the account allows, and reads them back. All are tried,
   * whatever happens to one. Twice is as once.
   * @throws BackoutError E_FLAGS_PARTLY (uncertain) naming those that are not proven safe
   */
  makeSafe(found: readonly SingleFlagState[]): Promise<void>;
  /**
   * Puts back what was there, except where somebody has changed it since. Twice is as once.
   * @throws BackoutError E_FLAGS_CHANGED (uncertain) naming those that were left as they are
   */
  restore(found: readonly SingleFlagState[]): Promise<void>;
}
