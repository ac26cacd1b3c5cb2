import type { Lease } from '../../src/model/lease.ts';
import type { LiveSignal } from '../../src/model/live-signals.ts';
import type { Readiness } from '../../src/model/readiness.ts';
import { formatAge, formatDuration, formatTime } from './time.ts';

/** `flags 2 days ago: 3 s; application STALE, 41 days ago: 3 min 12 s; database never` */
export function renderReadiness(levels: readonly Readiness[], now: number): string {
  return levels.map((one) => `${one.level} ${proofOf(one, now)}`).join('; ');
}

function proofOf({ state, proof }: Readiness, now: number): string {
  if (proof === undefined) return 'never';
  const { at, took_ms: took, budget_ms: budget, by } = proof;
  const stale = state === 'stale' ? 'STALE, ' : '';
  const time = took === undefined ? '' : `: ${formatDuration(took)}`;
  const over = took !== undefined && budget !== undefined && took > budget;
  const notes = [
    ...(by === 'flag-test' ? ['flag test'] : []),
    ...(over ? [`over its ${formatDuration(budget)}`] : []),
  ];
  return `${stale}${formatAge(at, now)}${time}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

/** What is met comes first, one line each; the others share a line. Nothing where nothing measures. */
export function renderSignals(signals: readonly LiveSignal[]): string[] {
  const met = signals.filter(({ state }) => state === 'met');
  const calm = signals.filter(({ state }) => state === 'not-met');
  const silent = signals.filter(({ state }) => state === 'no-data' || state === 'unreadable');
  return [
    ...met.map(({ rule, text, level }) => {
      const leads = level === undefined ? 'a person decides' : level;
      return `${rule} is MET: ${text} → ${leads}`;
    }),
    ...(calm.length === 0 ? [] : [`not met: ${rulesOf(calm)}`]),
    ...(silent.length === 0 ? [] : [`no data, which is not zero: ${rulesOf(silent)}`]),
  ];
}

function rulesOf(signals: readonly LiveSignal[]): string {
  return signals.map(({ rule }) => rule).join(', ');
}

/** Who has the right to change something of this service, and until when. */
export function renderRunning(leases: readonly Lease[]): string[] {
  return leases.map(
    ({ resource, holder, incident, expiresAt }) =>
      `${holder} has ${resource.split('/').at(-1) ?? resource} for ${incident} until ${formatTime(expiresAt)}`,
  );
}
