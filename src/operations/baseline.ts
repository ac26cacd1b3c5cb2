import type { Baseline } from '../model/baseline.ts';
import { describeCause } from '../model/error.ts';
import { type Clock, timestamp, within } from '../ports/clock.ts';
import type { MetricSource } from '../ports/metrics.ts';
import type { RowCounter } from '../ports/row-counts.ts';
import { record } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';

/** A rollback waits this long for its baseline, and then goes without what is missing. */
const BASELINE_CAP_MS = 5_000;

/** Where the numbers of a baseline come from. */
export interface BaselineSources {
  counters: readonly RowCounter[];
  metrics: readonly MetricSource[];
}

export interface Measured {
  baseline: Baseline;
  /** What could not be measured, in sentences. */
  problems: string[];
}

/** Measures everything side by side. Never throws: what could not be had is left out and named. */
export async function measureBaseline(
  clock: Clock,
  { counters, metrics }: BaselineSources,
): Promise<Measured> {
  const baseline: Baseline = { at: timestamp(clock), rows: {}, metrics: {} };
  const problems: string[] = [];
  const ask = async <T>(
    what: string,
    question: (signal: AbortSignal) => Promise<T>,
    take: (answer: T) => void,
  ): Promise<void> => {
    try {
      take(await within(clock, BASELINE_CAP_MS, question));
    } catch (error) {
      problems.push(`${what}: ${describeCause(error)}`);
    }
  };
  await Promise.all([
    ...counters.map((counter) =>
      ask(
        `The rows of ${counter.database} were not counted`,
        (signal) => counter.count(signal),
        (counts) => {
          for (const [table, rows] of Object.entries(counts)) {
            baseline.rows[`${counter.database}.${table}`] = rows;
          }
        },
      ),
    ),
    ...metrics.map((source) =>
      ask(
        `${source.signal} was not measured`,
        (signal) => source.read(signal),
        (value) => {
          if (value !== undefined) baseline.metrics[source.signal] = value;
        },
      ),
    ),
  ]);
  return { baseline, problems };
}

/**
 * Measures before a rollback changes anything, and writes it to the journal, where every process
 * that continues or validates the rollback finds it. Does nothing where nothing can be measured.
 */
export async function recordBaseline(
  ports: OperationPorts,
  { incident, execution, actor }: { incident: string; execution: string; actor: string },
): Promise<void> {
  const sources = ports.baseline;
  if (sources === undefined || sources.counters.length + sources.metrics.length === 0) return;
  const { baseline, problems } = await measureBaseline(ports.clock, sources);
  const count = Object.keys(baseline.rows).length + Object.keys(baseline.metrics).length;
  await record(ports, {
    incident,
    key: `${execution}/baseline`,
    kind: 'note',
    actor,
    text: [`Measured ${count} values before the rollback.`, ...problems].join(' '),
    data: { execution, baseline, problems },
  });
}
