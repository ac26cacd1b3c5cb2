import { until } from '../../support/until.ts';

/**
 * Far longer than anything here takes: a machine with two cores that starts ten processes at once
 * is slow, not wrong. How fast something has to be is asserted where that matters.
 */
export const PATIENCE_MS = 120_000;

/** `until`, with patience. */
export async function waitFor<T>(
  what: string,
  ask: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  return await until(what, ask, PATIENCE_MS);
}
