/** Every command of the program, in the order of an incident from its start to its end. */

/** 63 characters, the most that names may have. */
export const WIDE = (start: string): string => start.padEnd(63, '_and_more');

export const INCIDENT = 'checkout-2026-11-23-payments-fail-after-the-release-of-v1-2-0';

export const REASON =
  'Orders fail since the release of v1.2.0: every second payment is refused with a 502. '.repeat(4);

export interface Scene {
  args: string[];
  /** Expected exit code. */
  exit: number;
  /** What the service's health page answers from here on. */
  health?: number;
}

export const STORY: Scene[] = [
  { args: ['check'], exit: 0 },
  { args: ['assess'], exit: 0 },
  { args: ['validate'], exit: 0 },
  { args: ['flags', 'publish'], exit: 0 },
  { args: ['flags', 'list'], exit: 0 },
  { args: ['flags', 'proof'], exit: 0 },
  { args: ['breakers', 'status'], exit: 0 },
  { args: ['release', 'list'], exit: 0 },
  { args: ['incident', 'list'], exit: 0 },
  { args: ['flags', 'test'], exit: 0 },
  { args: ['services', 'status'], exit: 1 },
  { args: ['services', 'restart', '--dry-run'], exit: 0 },
  { args: ['services', 'restart', '--yes', '--reason', REASON], exit: 0 },
  { args: ['services', 'status'], exit: 0 },
  { args: ['caches', 'flush'], exit: 2 },
  { args: ['plan'], exit: 0 },
  { args: ['plan', 'flags'], exit: 0 },
  { args: ['plan', '--manual', '--reason', REASON], exit: 0 },
  { args: ['plan', '--manual', 'flags'], exit: 0 },
  { args: ['emergency', '--incident', INCIDENT, '--reason', REASON], exit: 0 },
  { args: ['rollback', 'flags', '--reason', REASON], exit: 0 },
  { args: ['report', 'complaint', REASON.slice(0, 400), '--id', WIDE('T-1')], exit: 0 },
  { args: ['report', 'complaint', '--id', WIDE('T-1')], exit: 0 },
  { args: ['incident', 'assign', '--commander', WIDE('maria')], exit: 0 },
  { args: ['incident', 'assign', '--commander', WIDE('maria'), INCIDENT], exit: 0 },
  { args: ['flags', 'list'], exit: 0 },
  { args: ['flags', 'set', 'page_size', '40'], exit: 0 },
  { args: ['breakers', 'status'], exit: 0 },
  { args: ['flags', 'test'], exit: 4 },
  { args: ['caches', 'flush', '--yes', '--reason', REASON], exit: 0 },
  { args: ['assess'], exit: 0 },
  { args: ['rollback', 'application', '--dry-run'], exit: 0 },
  { args: ['rollback', 'application'], exit: 2 },
  { args: ['validate'], exit: 1, health: 503 },
  { args: ['rollback', 'application', '--yes', '--reason', REASON], exit: 1 },
  { args: ['incident', 'show'], exit: 0 },
  { args: ['incident', 'resume'], exit: 0, health: 200 },
  { args: ['incident', 'show', '--all', INCIDENT], exit: 0 },
  { args: ['assess'], exit: 0 },
  { args: ['incident', 'close'], exit: 4 },
  { args: ['flags', 'lift', '--by', 'Maria'], exit: 4 },
  { args: ['breakers', 'trip', '--isolate', 'stripe', '--reason', REASON], exit: 0 },
  { args: ['breakers', 'status'], exit: 0 },
  { args: ['breakers', 'reset'], exit: 0 },
  { args: ['breakers', 'reset', 'stripe'], exit: 0 },
  { args: ['flags', 'lift', '--by', 'Maria', '--reason', REASON], exit: 0 },
  { args: ['incident', 'close', '--reason', REASON], exit: 0 },
  { args: ['incident', 'assign', '--commander', 'maria', INCIDENT], exit: 4 },
  { args: ['incident', 'list'], exit: 0 },
  { args: ['release', 'record', 'v1.1.0'], exit: 0 },
  { args: ['release', 'good', 'v1.1.0'], exit: 0 },
  { args: ['release', 'hold', 'v1.0.0', '--reason', REASON], exit: 0 },
  { args: ['release', 'list'], exit: 0 },
  { args: ['release', 'kept'], exit: 0 },
  { args: ['release', 'gate', 'v1.0.0'], exit: 4 },
  { args: ['release', 'unhold', 'v1.0.0', '--reason', REASON], exit: 0 },
  { args: ['release', 'gate', 'v1.0.0'], exit: 0 },
  { args: ['release', 'bake', 'v1.1.0'], exit: 0 },
  { args: ['drill', '--fail-at', 'nothing'], exit: 2 },
];

/** Names as wide as they may be, wherever `backout.yml` has names. */
export function widen(config: string): string {
  return config
    .replaceAll('community_enabled', WIDE('community_enabled'))
    .replaceAll('features:', `${WIDE('features')}:`)
    .replaceAll('twilio_sms', WIDE('twilio_sms'))
    .replaceAll('  worker:', `  ${WIDE('worker')}:`)
    .replaceAll('  readings:', `  ${WIDE('readings')}:`)
    .replaceAll('  web:', `  ${WIDE('web')}:`)
    .replaceAll('  health:', `  ${WIDE('health')}:`)
    .replaceAll('check: health', `check: ${WIDE('health')}`)
    .replaceAll('leave_alone: only colours', `leave_alone: ${JSON.stringify(REASON)}`);
}
