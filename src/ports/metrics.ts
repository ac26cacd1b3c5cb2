/** What a value is measured in, once it left its source: shares 0..1, times in milliseconds. */
export type MetricUnit = 'ratio' | 'milliseconds' | 'count';

/** Where one measured value comes from. */
export interface MetricSource {
  /** Name of the signal in `backout.yml`, such as `error_rate`. */
  readonly signal: string;
  readonly unit: MetricUnit;
  /**
   * Asks once, within its own timeout.
   * @param at the instant to ask about, in ms since 1970; left out: now
   * @returns undefined when there is no data, which is not zero
   * @throws BackoutError E_METRICS: it could not be asked, or what it answers is no such value
   */
  read(signal: AbortSignal, at?: number): Promise<number | undefined>;
}
