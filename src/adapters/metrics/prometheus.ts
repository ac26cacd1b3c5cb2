import * as z from 'zod';
import type { MetricSource } from '../../ports/metrics.ts';
import { fetchJson, type MetricsAddress } from './fetch-json.ts';
import { baseUnit, metricsError, type SourceUnit, toBase } from './units.ts';

export interface PrometheusOptions extends MetricsAddress {
  signal: string;
  unit: SourceUnit;
  /** PromQL that answers with one value. */
  query: string;
}

/** [seconds, value as text] (Prometheus HTTP API, "Expression query result formats"). */
const sample = z.tuple([z.number(), z.string()]);
const answer = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('scalar'), result: sample }),
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
  ]),
});

/**
 * One instant query. No series, NaN (0 errors of 0 requests) and ±Inf are no data. Several series
 * are an error: which of them is meant is for the query to say.
 */
export function prometheusMetric(options: PrometheusOptions): MetricSource {
  const { signal: name, unit, query } = options;
  return {
    signal: name,
    unit: baseUnit(unit),
    async read(signal, at) {
      // The server may be behind a path of its own.
      const url = new URL('api/v1/query', options.url.replace(/\/*$/, '/'));
      url.searchParams.set('query', query);
      if (at !== undefined) url.searchParams.set('time', String(at / 1000));
      const parsed = answer.safeParse(await fetchJson(options, url, signal));
      if (!parsed.success) throw metricsError(`The answer for ${name} is not that of Prometheus`);
      const { data } = parsed.data;
      const values = data.resultType === 'scalar' ? [data.result] : data.result.map(valueOf);
      if (values.length > 1) {
        throw metricsError(`The query of ${name} answers with ${values.length} series`);
      }
      const [, text] = values[0] ?? [];
      if (text === undefined || /^(NaN|[+-]?Inf)$/.test(text)) return undefined;
      const value = text.trim() === '' ? Number.NaN : Number(text);
      if (!Number.isFinite(value)) throw metricsError(`${name} is not a number`);
      return toBase(name, value, unit);
    },
  };
}

function valueOf({ value }: { value: z.output<typeof sample> }) {
  return value;
}
