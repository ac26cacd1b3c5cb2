/** The CloudWatch alarms that are made from the rules of backout.yml. */
import { alarmName } from '../src/config/resource-names.ts';
import type { SelectedConfig } from '../src/config/select.ts';

/** An alarm, as CloudFormation has it. */
export interface RuleAlarm {
  rule: string;
  name: string;
  description: string;
  /** Metrics by id; `breach` is 1 while the rule is met. */
  metrics: {
    id: string;
    expression?: string;
    metric?: { namespace: string; name: string; dimensions: Record<string, string>; stat: string };
  }[];
  periodSeconds: number;
  /** So many periods without a break. */
  periods: number;
  missing: 'breaching' | 'notBreaching' | 'missing';
}

/** A rule for which no alarm can be made, and why, as a sentence. */
export interface RuleWithout {
  rule: string;
  why: string;
}

const MINUTE_MS = 60_000;

/**
 * One alarm for each rule whose signal CloudWatch measures. What is not measured there has to come
 * from an alarm of the team's own (`rules.<name>.alarms`).
 */
export function ruleAlarms(config: SelectedConfig): {
  alarms: RuleAlarm[];
  without: RuleWithout[];
} {
  const alarms: RuleAlarm[] = [];
  const without: RuleWithout[] = [];
  for (const [rule, settings] of Object.entries(config.rules)) {
    const made = makeAlarm(config, rule, settings);
    if (typeof made === 'string') without.push({ rule, why: made });
    else alarms.push(made);
  }
  return { alarms, without };
}

function makeAlarm(
  config: SelectedConfig,
  rule: string,
  settings: SelectedConfig['rules'][string],
): RuleAlarm | string {
  const { metrics } = config;
  const { signal, threshold, period, missing } = settings;
  if (metrics?.kind !== 'cloudwatch') return 'Its signal is not measured by CloudWatch.';
  const source = Object.hasOwn(metrics.signals, signal) ? metrics.signals[signal] : undefined;
  if (source === undefined) return `CloudWatch measures no signal ${signal}.`;
  if (threshold === undefined) return 'It has no threshold.';
  const conditions = conditionsOf(threshold, source.unit);
  if (conditions.length === 0) return 'Its threshold has no bound.';
  const names = Object.keys(source.metrics);
  const value = source.expression ?? names[0];
  if (value === undefined) return 'Its signal has no metric.';
  const scope = { service: config.service, environment: config.environment.name };
  return {
    rule,
    name: alarmName(scope, rule),
    description: settings.description ?? `Made from the rule ${rule} of backout.yml.`,
    metrics: [
      ...Object.entries(source.metrics).map(([id, metric]) => ({
        id,
        metric: {
          namespace: metric.namespace,
          name: metric.name,
          dimensions: metric.dimensions,
          stat: metric.statistic,
        },
      })),
      { id: 'value', expression: value },
      { id: 'breach', expression: `IF(${conditions.join(' AND ')}, 1, 0)` },
    ],
    periodSeconds: period / 1000,
    periods: Math.max(1, Math.ceil(settings.for / Math.max(period, MINUTE_MS / 6))),
    // Silence acts where the rule says that it means trouble; else it is no alarm at all.
    missing: missing === 'act' || missing === 'investigate' ? 'breaching' : 'missing',
  };
}

type Threshold = NonNullable<SelectedConfig['rules'][string]['threshold']>;
type Unit = 'ratio' | 'percent' | 'milliseconds' | 'seconds' | 'count';

/** Thresholds are shares from 0 to 1 and milliseconds; the source may have another unit. */
const PER_UNIT = { ratio: 1, percent: 100, milliseconds: 1, seconds: 0.001, count: 1 } as const;

function conditionsOf(threshold: Threshold, unit: Unit): string[] {
  const bounds = [
    ['>', threshold.above],
    ['>=', threshold.at_least],
    ['<', threshold.below],
    ['<=', threshold.at_most],
  ] as const;
  return bounds.flatMap(([sign, bound]) =>
    bound === undefined
      ? []
      : [`(value ${sign} ${Number((bound * PER_UNIT[unit]).toPrecision(12))})`],
  );
}
