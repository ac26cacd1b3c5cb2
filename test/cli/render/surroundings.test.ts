import { expect, test } from 'vitest';
import { renderReadiness, renderRunning, renderSignals } from '../../../cli/render/surroundings.ts';
import type { LiveSignal } from '../../../src/model/live-signals.ts';
import type { Proof, Readiness } from '../../../src/model/readiness.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 23, 3);

function level(state: Readiness['state'], ageDays?: number, more: Partial<Proof> = {}): Readiness {
  const base = { level: 'application', state, expires_ms: 30 * DAY } as const;
  if (ageDays === undefined) return base;
  const at = new Date(NOW - ageDays * DAY).toISOString();
  const proof: Proof = { level: 'application', at, by: 'rollback', incident: 'i', ...more };
  return { ...base, proof };
}

test.each<[Readiness, string]>([
  [level('never'), 'application never'],
  [level('proven', 6, { took_ms: 192_000 }), 'application 6 days ago: 3 min 12 s'],
  [level('stale', 41, { took_ms: 192_000 }), 'application STALE, 41 days ago: 3 min 12 s'],
  [level('proven', 1), 'application 1 day ago'],
  [level('proven', 0.1, { by: 'flag-test' }), 'application 2 hours ago (flag test)'],
  [
    level('proven', 0, { took_ms: 400_000, budget_ms: 300_000 }),
    'application just now: 6 min 40 s (over its 5 min)',
  ],
])('How well a level is proven is told with its age and its time: %#', (readiness, text) => {
  expect(renderReadiness([readiness], NOW)).toBe(text);
});

function signal(rule: string, state: LiveSignal['state'], more: Partial<LiveSignal> = {}) {
  return {
    rule,
    signal: 'error_rate',
    state,
    unit: 'ratio',
    level: undefined,
    text: '',
    ...more,
  } as const;
}

test('What is met stands first, with where it leads; what is not known is no zero.', () => {
  expect(
    renderSignals([
      signal('slow', 'no-data'),
      signal('moderate-errors', 'not-met'),
      signal('critical-errors', 'met', { text: '14 % is above 5 %', level: 'application' }),
      signal('hint', 'met', { text: '14 % is above 10 %' }),
      signal('payments', 'unreadable'),
    ]),
  ).toEqual([
    'critical-errors is MET: 14 % is above 5 % → application',
    'hint is MET: 14 % is above 10 % → a person decides',
    'not met: moderate-errors',
    'no data, which is not zero: slow, payments',
  ]);
  expect(renderSignals([])).toEqual([]);
});

test('Who is at work is told with what they hold and until when.', () => {
  const [line] = renderRunning([
    {
      resource: 'storefront/production/target:web',
      holder: 'kim@laptop (pid 4)',
      fence: 3,
      expiresAt: '2026-11-23T03:00:30.000Z',
      incident: 'inc00001',
    },
  ]);
  expect(line).toContain('kim@laptop (pid 4) has target:web for inc00001 until 03:00:30 UTC');
});
