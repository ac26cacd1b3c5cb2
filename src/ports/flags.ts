import type {
  FlagSnapshot,
  FlagValue,
  FlagValues,
  LiftedOverride,
  Override,
  SafeOverride,
} from '../model/flags.ts';

/** What an emergency may do with flags: read, and make safe. It can neither lift nor delete. */
export interface FlagStore {
  /** True: `engage` ends only when it has read back what it wrote. Left out: it may not. */
  readonly readsBack?: true;
  /**
   * How long `engage` may take while its platform asks to come back later, in milliseconds. From
   * silence it gives up much sooner, by itself. Left out: it is never asked to wait.
   */
  readonly patienceMs?: number;
  /** @throws BackoutError E_FLAGS_UNREACHABLE (retryable) */
  read(): Promise<FlagSnapshot>;
  /**
   * The overrides alone: as fast with ten thousand flags as with one.
   * @throws BackoutError E_FLAGS_UNREACHABLE (retryable)
   */
  overrides(): Promise<Override[]>;
  /**
   * Puts the override of one incident with ONE durable write, never narrower than what is there
   * (model/flags.ts mergeOverride). `changed: false` = it was there already; nothing was written.
   * @throws BackoutError E_FLAGS_UNREACHABLE (retryable)
   */
  engage(override: SafeOverride): Promise<{ changed: boolean }>;
}

/** What named people and publishing do with flags. */
export interface FlagEditor {
  /** Puts the tombstone of one incident. `changed: false` = it was lifted already. */
  lift(override: LiftedOverride): Promise<{ changed: boolean }>;
  /** Changes one base value. @throws BackoutError E_FLAG when the group or flag is not defined */
  setBase(group: string, name: string, value: FlagValue): Promise<{ previous: FlagValue }>;
  /**
   * Publishes the reviewed configuration: adds missing base values (never changes one), replaces
   * the safe values. @throws BackoutError E_SAFE_FROZEN (refused) while an override lives and the
   * safe values would change
   */
  publish(group: string, defaults: FlagValues, safe: FlagValues): Promise<void>;
}
