/** Where measured values come from. "No data" is never the same as zero. */
import * as z from 'zod';
import { checkedText, duration, identifier, named, reference, words } from '../values.ts';
import { threshold } from './rules.ts';

const unit = z
  .enum(['ratio', 'percent', 'milliseconds', 'seconds', 'count'])
  .describe(
    'Unit in which the source answers: ratio (0..1), percent, milliseconds, seconds, count.',
  );

const description = words().optional().describe('What is measured, for messages.');
const timeout = duration({ max: 60_000 })
  .prefault('2s')
  .describe('Longest time for one answer. Default: 2s');

const cloudwatchMetric = z.strictObject({
  namespace: words().describe('Namespace, such as AWS/ApplicationELB.'),
  name: words().describe('Name of the metric.'),
  dimensions: z.record(words(), words()).default({}).describe('Dimensions. Default: none'),
  statistic: words()
    .default('Sum')
    .describe('Statistic: Sum, Average, p95 and so on. Default: Sum'),
});

const cloudwatch = z.strictObject({
  kind: z.literal('cloudwatch').describe('Amazon CloudWatch.'),
  region: words().optional().describe('Region. Default: the first one of the environment'),
  timeout,
  signals: named(
    z.strictObject({
      description,
      unit,
      metrics: named(cloudwatchMetric).describe('Metrics by the name that the expression uses.'),
      expression: words()
        .optional()
        .describe('Metric math over those names. Left out: the only metric itself.'),
    }),
  ).describe('Signals by name; error_rate, latency_p95 and payment_success serve the matrix.'),
});

const prometheus = z.strictObject({
  kind: z.literal('prometheus').describe("Prometheus' HTTP interface."),
  url: z.url().describe('Address of the server.'),
  token: reference().optional().describe('Reference to a bearer token. Left out: none.'),
  timeout,
  signals: named(
    z.strictObject({
      description,
      unit,
      query: words().describe('Query that answers with one value.'),
    }),
  ).describe('Signals by name; error_rate, latency_p95 and payment_success serve the matrix.'),
});

const httpJson = z.strictObject({
  kind: z.literal('http-json').describe('A JSON document over HTTP.'),
  url: z.url().describe('Address of the document.'),
  token: reference().optional().describe('Reference to a bearer token. Left out: none.'),
  timeout,
  signals: named(
    z.strictObject({
      description,
      unit,
      pointer: checkedText('^/', (value) =>
        value.startsWith('/')
          ? undefined
          : {
              message: `"${value}" is not a JSON pointer`,
              remedy: 'Write a path such as "/errors".',
            },
      ).describe('JSON pointer to the value, such as /errors/rate.'),
    }),
  ).describe('Signals by name; error_rate, latency_p95 and payment_success serve the matrix.'),
});

export const metrics = z.discriminatedUnion('kind', [cloudwatch, prometheus, httpJson]);

/** One way to see that customers are hit. */
const symptom = z.strictObject({
  signal: identifier().describe('A signal such as health or error_rate.'),
  threshold: threshold.optional(),
});

export const customerImpact = z.strictObject({
  any: z
    .array(symptom)
    .min(1)
    .default([
      { signal: 'health' },
      { signal: 'error_rate', threshold: { above: 0.01 } },
      { signal: 'payment_success', threshold: { below: 0.9 } },
    ])
    .describe(
      'Customers are hit when any of these holds. Default: health fails, error_rate above 1%, payment_success below 90%',
    ),
  unreadable: z
    .enum(['affected', 'unaffected'])
    .default('affected')
    .describe('What to assume when nothing can be read. Default: affected'),
});
