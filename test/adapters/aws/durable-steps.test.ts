/**
 * The clock of an incident as a durable function, in the runner that its makers wrote. That one
 * replaces the timers of this whole file: nothing here measures time.
 */
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { durableSteps } from '../../../src/adapters/aws/durable-steps.ts';
import type { ClockSettings } from '../../../src/model/clock-due.ts';
import type { ClockStart } from '../../../src/model/clock-start.ts';
import type { ClockLook, ClockWork } from '../../../src/operations/incident-clock/clock-work.ts';
import { runIncidentClock } from '../../../src/operations/incident-clock/run-incident-clock.ts';

beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true }));
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

const MIN = 60_000;
const settings: ClockSettings = {
  investigateForMs: 10 * MIN,
  atEnd: 'roll_back',
  page: [],
  contacts: [{ name: 'database_admin', afterMs: 10 * MIN, when: 'always' }],
  updatesEveryMs: 5 * MIN,
  stabilityAfterMs: 30 * MIN,
  followUpAfterMs: 120 * MIN,
  countdownWakeMs: MIN,
  wakeMs: MIN,
  endAfterMs: 30 * MIN,
};

test('It waits, is played again after each wait, and does everything once.', async () => {
  const done: string[] = [];
  let now = Date.parse('2026-11-25T03:00:00.000Z');
  const start: ClockStart = {
    incident: 'incident1',
    service: 'shop',
    environment: 'production',
    decision: 'investigate',
    rule: 'slow',
    reason: 'p95 is 1.2 s',
    actor: 'alarm shop-p95',
    at: new Date(now).toISOString(),
    level: 'flags',
  };
  const calm = { pausedMs: 0, actNow: false, attempted: false, isClosed: false } as const;
  const work: ClockWork = {
    open: async () => void done.push('open'),
    async look(): Promise<ClockLook> {
      now += MIN;
      return { at: now, notes: { ...calm, paused: undefined, rollback: undefined } };
    },
    readSignal: async () => 'met',
    customersAffected: async () => false,
    async makeSafe() {
      done.push('safe');
      return { outcome: 'done', problems: [] };
    },
    findWayBack: async () => ({ green: false, why: 'x', command: 'y' }),
    claimAttempt: async () => false,
    handOver: async () => ({ by: 'nobody', outcome: 'failed', problems: [] }),
    close: async () => undefined,
    say: async (code) => void done.push(code),
  };
  const runner = new LocalDurableTestRunner({
    handlerFunction: withDurableExecution(async (_input: unknown, context) => ({
      ended: await runIncidentClock(
        durableSteps(context, { now: () => now }),
        work,
        start,
        settings,
      ),
    })),
  });
  const execution = await runner.run({ payload: {} });
  expect(execution.getStatus()).toBe('SUCCEEDED');
  expect(execution.getResult()).toEqual({ ended: 'time-over' });
  expect(done).toEqual([
    'open',
    'investigation-started',
    'incident-update',
    'investigation-ended',
    'safe',
    'escalation',
    'incident-update',
    'incident-update',
    'incident-update',
    'clock-ended',
  ]);
});
