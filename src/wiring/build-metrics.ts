import { jsonMetric } from '../adapters/metrics/http-json.ts';
import { prometheusMetric } from '../adapters/metrics/prometheus.ts';
import { postgresRowCounts } from '../adapters/postgres/row-counts.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { resolveReference } from '../config/secrets.ts';
import type { SelectedConfig } from '../config/select.ts';
import type { MetricSource } from '../ports/metrics.ts';
import type { RowCounter } from '../ports/row-counts.ts';

/** Counting is done under load, before a rollback: it may take this long, in milliseconds. */
const COUNT_TIMEOUT_MS = 4_000;

/** What is measured before and after a rollback. */
export function buildBaseline(
  config: SelectedConfig,
  variables: EnvironmentVariables,
): { metrics: MetricSource[]; counters: RowCounter[] } {
  const counters = Object.entries(config.databases).flatMap(([database, settings]) => {
    const { counted_tables: tables, name } = settings;
    if (tables.length === 0) return [];
    const url = databaseUrl(resolveReference(settings.url, variables), name);
    return [postgresRowCounts({ database, url, tables, timeoutMs: COUNT_TIMEOUT_MS })];
  });
  return { metrics: buildMetrics(config, variables), counters };
}

/** The live database on the server of the URL: after a swap it is the name that counts. */
export function databaseUrl(address: string, name: string): string {
  const url = URL.parse(address);
  // Not repeated here: it contains a password. What connects says that it is no address.
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) return 'postgres://not-an-address';
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/** A source for every signal of the section metrics, as far as its kind can be read. */
function buildMetrics(
  { metrics }: SelectedConfig,
  variables: EnvironmentVariables,
): MetricSource[] {
  if (metrics === undefined || metrics.kind === 'cloudwatch') return [];
  const { url, timeout: timeoutMs } = metrics;
  const token =
    metrics.token === undefined ? undefined : resolveReference(metrics.token, variables);
  const address = { url, token, timeoutMs };
  switch (metrics.kind) {
    case 'prometheus':
      return Object.entries(metrics.signals).map(([signal, { unit, query }]) =>
        prometheusMetric({ ...address, signal, unit, query }),
      );
    case 'http-json':
      return Object.entries(metrics.signals).map(([signal, { unit, pointer }]) =>
        jsonMetric({ ...address, signal, unit, pointer }),
      );
    default:
      return metrics satisfies never;
  }
}
