import { areCustomersHit, type Symptom, type SymptomReading } from '../model/customer-impact.ts';
import type { Check } from '../ports/checks.ts';
import { type Clock, within } from '../ports/clock.ts';
import type { MetricSource } from '../ports/metrics.ts';
import { readSignals } from './read-signals.ts';

/** Longest wait for the health checks, in milliseconds. */
const CHECKS_CAP_MS = 15_000;

export interface ImpactOptions {
  clock: Clock;
  symptoms: readonly Symptom[];
  unreadable: 'affected' | 'unaffected';
  metrics: readonly MetricSource[];
  /** The checks that are the signal `health`. */
  health: readonly Check[];
}

/** Whether customers are hit now. Never throws. */
export async function customersAffected(options: ImpactOptions): Promise<boolean> {
  const { clock, symptoms, metrics, health, unreadable } = options;
  const wanted = new Set(symptoms.map(({ signal }) => signal));
  const [values, healthy] = await Promise.all([
    readSignals(
      clock,
      metrics.filter(({ signal }) => wanted.has(signal)),
    ),
    wanted.has('health') ? readHealth(clock, health) : undefined,
  ]);
  const readings: SymptomReading[] = values.map((one) =>
    one.state === 'measured'
      ? { signal: one.signal, value: one.value }
      : { signal: one.signal, unreadable: true },
  );
  if (healthy !== undefined) readings.push(healthy);
  return areCustomersHit(symptoms, readings, unreadable);
}

async function readHealth(clock: Clock, checks: readonly Check[]): Promise<SymptomReading> {
  if (checks.length === 0) return { signal: 'health', unreadable: true };
  try {
    const found = await within(clock, CHECKS_CAP_MS, (signal) =>
      Promise.all(checks.map((check) => check.run({ signal, safeState: true }))),
    );
    const verdicts = found.map((one) => one?.verdict);
    if (verdicts.includes('failed')) return { signal: 'health', failing: true };
    return verdicts.every((verdict) => verdict === 'passed' || verdict === undefined)
      ? { signal: 'health', failing: false }
      : { signal: 'health', unreadable: true };
  } catch {
    return { signal: 'health', unreadable: true };
  }
}
