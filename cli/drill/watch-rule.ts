import type { Traffic } from '../../examples/storefront/traffic.ts';
import type { Rule } from '../../src/config/sections/rules.ts';
import { type Decision, type Sample, decide } from '../../src/model/decision.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** How often the rule looks, and how long one sample is. */
const SAMPLE_MS = 500;

export interface RuleMet {
  decision: Decision;
  /** When it was met, in milliseconds since 1970. */
  at: number;
}

/** The share of failed requests among those that ended in a stretch of time; no request, no value. */
export function sampleTraffic(traffic: Traffic, from: number, to: number): Sample {
  // By the end of the request: a slow failure counts when it is known, as a load balancer's does.
  const ended = traffic.records().filter(({ at, ms }) => at + ms >= from && at + ms < to);
  const failed = ended.filter(({ ok }) => !ok).length;
  const value = ended.length === 0 ? undefined : failed / ended.length;
  return { from, to, requests: ended.length, value };
}

/**
 * Waits until the rule is met by the measured traffic.
 * @returns undefined when it is not met within `limitMs`
 */
export async function watchRule(
  traffic: Traffic,
  rule: Rule,
  clock: Clock,
  limitMs: number,
): Promise<RuleMet | undefined> {
  const samples: Sample[] = [];
  const end = clock.now() + limitMs;
  while (clock.now() < end) {
    await clock.sleep(SAMPLE_MS);
    const now = clock.now();
    samples.push(sampleTraffic(traffic, samples.at(-1)?.to ?? now - SAMPLE_MS, now));
    const decision = decide(bounds(rule), samples, now, true);
    if (decision.decision === 'act') return { decision, at: now };
  }
  return undefined;
}

/** Optional bounds as the decision wants them: left out, not undefined. */
function bounds({ threshold, ...rest }: Rule): Parameters<typeof decide>[0] {
  if (threshold === undefined) return rest;
  const given = Object.entries(threshold).filter(([, value]) => value !== undefined);
  return { ...rest, threshold: Object.fromEntries(given) };
}
