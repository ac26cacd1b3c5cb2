import type { MetricSource } from '../../ports/metrics.ts';
import { followPointer } from '../http/json-pointer.ts';
import { fetchJson, type MetricsAddress } from './fetch-json.ts';
import { baseUnit, metricsError, type SourceUnit, toBase } from './units.ts';

export interface JsonMetricOptions extends MetricsAddress {
  signal: string;
  unit: SourceUnit;
  /** JSON pointer to the value, such as `/last_minute/error_rate`. */
  pointer: string;
}

/**
 * One value of a JSON document. `null` is how the document says that there is no data; a value
 * that is missing is an error, because a wrong pointer looks the same. It knows no past.
 */
export function jsonMetric(options: JsonMetricOptions): MetricSource {
  const { signal: name, unit, pointer } = options;
  return {
    signal: name,
    unit: baseUnit(unit),
    async read(signal, at) {
      if (at !== undefined) return undefined;
      const found = followPointer(await fetchJson(options, new URL(options.url), signal), pointer);
      if (found === null) return undefined;
      if (typeof found !== 'number') {
        const what = found === undefined ? 'is missing' : 'is not a number';
        throw metricsError(`${pointer} of ${name} ${what}`);
      }
      return toBase(name, found, unit);
    },
  };
}
