/**
 * How fast AWS Systems Manager lets an account write and read parameters in one region, and what
 * follows from it. Everything that uses the account in that region shares these.
 *
 * AWS publishes no table of them. Writing: about 3 per second, about 10 with the setting "higher
 * throughput" (AWS Support, quoted in github-aws-runners/terraform-aws-github-runner#2944). Reading:
 * about 40 per second (ClickHouse/ClickHouse#86747), pages of a path 100 with that setting.
 */

/** Setting of the account and region: Systems Manager, Parameter Store, Settings. */
export type ParameterThroughput = 'standard' | 'high';

/** PutParameter per second. */
export const PUTS_PER_SECOND: Readonly<Record<ParameterThroughput, number>> = {
  standard: 3,
  high: 10,
};

/** GetParameters and GetParametersByPath per second. */
export const READS_PER_SECOND: Readonly<Record<ParameterThroughput, number>> = {
  standard: 40,
  high: 100,
};

/** The most that AWS returns for one call: names of GetParameters, a page of a path. */
export const PARAMETERS_PER_CALL = 10;

/**
 * Seconds between two times that the application's client reads base and safe values. Those change
 * by hand or by a deployment; what an emergency changes is the overrides, which are read at each look.
 */
export const VALUES_EVERY_SECONDS = 60;

/** Seconds until the last of so many writes is through, all of them asked for at once. */
export function secondsToPut(puts: number, throughput: ParameterThroughput): number {
  return puts / PUTS_PER_SECOND[throughput];
}

/** Calls that read so many parameters below a path; an empty path takes one too. */
export function callsToRead(parameters: number): number {
  return Math.max(1, Math.ceil(parameters / PARAMETERS_PER_CALL));
}

export interface ReadingLoad {
  /** Processes that read for themselves: hosts, where the processes of a host share a reader. */
  readers: number;
  /** Parameters below `overrides`. */
  overrides: number;
  /** Parameters below `flags` and `safe` together. */
  values: number;
  /** Seconds between two looks at the overrides, and between two at the values. */
  lookEvery: number;
  valuesEvery: number;
}

/** Calls per second of all readers together. */
export function readsPerSecond(load: ReadingLoad): number {
  const { readers, overrides, values, lookEvery, valuesEvery } = load;
  return readers * (callsToRead(overrides) / lookEvery + callsToRead(values) / valuesEvery);
}

/**
 * Seconds between two looks that are left when everybody wants more than the account is allowed:
 * what is wanted where it fits, longer in proportion where it does not.
 */
export function lookEverySeconds(load: ReadingLoad, allowed: number): number {
  return load.lookEvery * Math.max(1, readsPerSecond(load) / allowed);
}
