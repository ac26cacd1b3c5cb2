import { isMet } from './decision.ts';

/** One way to see that customers are hit: a value with bounds, or a check that fails. */
export interface Symptom {
  signal: string;
  threshold?: Parameters<typeof isMet>[0] | undefined;
}

/** What one source says: a value, whether it fails, or nothing that can be read. */
export type SymptomReading =
  | { signal: string; value: number }
  | { signal: string; failing: boolean }
  | { signal: string; unreadable: true };

/**
 * Whether customers are hit: any symptom is enough. Where none holds and not all could be read, it
 * is what the configuration says of that.
 */
export function areCustomersHit(
  symptoms: readonly Symptom[],
  readings: readonly SymptomReading[],
  whenUnreadable: 'affected' | 'unaffected',
): boolean {
  let unread = false;
  for (const { signal, threshold } of symptoms) {
    const reading = readings.find((one) => one.signal === signal);
    if (reading === undefined || 'unreadable' in reading) unread = true;
    else if ('failing' in reading ? reading.failing : holds(reading.value, threshold)) return true;
  }
  return unread && whenUnreadable === 'affected';
}

function holds(value: number, threshold: Symptom['threshold']): boolean {
  return threshold !== undefined && isMet(threshold, value);
}
