/** One cache of the service: data that can be computed again. */
export interface Cache {
  readonly name: string;
  /** What belongs to it, for people: `keys that start with "readings:"`. */
  readonly covers: string;
  /**
   * Removes everything that is there when it starts, but nothing of Backout. What the service
   * writes meanwhile may stay. Can be called again with the same run.
   * @param run names this emptying; unique among those of a day
   * @throws BackoutError E_CACHE_UNREACHABLE (retryable), E_CACHE_CLUSTER (refused)
   */
  flush(run: string, progress: FlushProgress): Promise<{ removed: number }>;
  /**
   * Whether an emptying went over the whole cache: the marks that it had spread there before it
   * began are gone. Only says something about a run whose `flush` ended.
   * @throws BackoutError E_CACHE_UNREACHABLE (retryable)
   */
  isFlushed(run: string): Promise<boolean>;
}

export interface FlushProgress {
  signal: AbortSignal;
  note: (text: string) => void;
}
