/** What control-emergency takes, and from whom. */
import { describe, expect, test } from 'vitest';
import { runEmergency } from '../../src/operations/control/emergency.ts';
import { readEmergencyCall, requireCaller } from '../../src/wiring/control-function.ts';
import type { BackoutError } from '../../src/model/error.ts';
import type { TripRequest } from '../../src/ports/breakers.ts';
import { openSite, SCOPE } from '../support/memory-ports.ts';

const TRIP: TripRequest = {
  providers: ['stripe'],
  by: 'alarm shop-5xx',
  reason: 'error rate 21 %',
  incident: 'incident1',
  at: '2026-11-25T03:00:00.000Z',
};
const REQUEST = { version: 1, ...SCOPE, operation: 'breakers.trip', input: TRIP };
const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:backout-shop-production-control';

function refusal(work: () => unknown): Partial<BackoutError> {
  try {
    return { message: `Taken: ${JSON.stringify(work())}` };
  } catch (error) {
    return error as BackoutError;
  }
}

describe('Who calls is proven by the alias, and by nothing else', () => {
  test.each(['on-alarm', 'incident-clock', 'messenger', 'runner'])('%s', (alias) => {
    expect(requireCaller({ invokedFunctionArn: `${ARN}:${alias}` })).toBe(alias);
  });

  test.each<[string, unknown]>([
    ['the alias of everybody', { invokedFunctionArn: `${ARN}:live` }],
    ['a version', { invokedFunctionArn: `${ARN}:7` }],
    ['no alias', { invokedFunctionArn: ARN }],
    ['an alias that is none', { invokedFunctionArn: `${ARN}:constructor` }],
    ['no context', undefined],
    ['a word in its place', { caller: 'on-alarm' }],
  ])('%s proves nobody', (_what, context) => {
    expect(refusal(() => requireCaller(context))).toMatchObject({
      code: 'E_CALLER',
      kind: 'refused',
    });
  });
});

describe('What is not on its list is refused, and nothing is done', () => {
  test.each([
    'flags.lift',
    'breakers.set',
    'breakers.reset',
    'breakers.announce',
    'incident.close',
    'release.deploy',
    'secrets.read',
    'constructor',
    '__proto__',
    '',
  ])('the operation %j', (operation) => {
    expect(refusal(() => readEmergencyCall({ ...REQUEST, operation }, SCOPE))).toMatchObject({
      code: 'E_NOT_ON_LIST',
      kind: 'refused',
    });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'breakers.trip'],
    ['another version', { ...REQUEST, version: 2 }],
    ['another service', { ...REQUEST, service: 'other' }],
    ['another environment', { ...REQUEST, environment: 'staging' }],
    ['something more', { ...REQUEST, actor: 'root' }],
    ['no input', { ...REQUEST, input: undefined }],
    ['a state for the breakers', { ...REQUEST, input: { ...TRIP, state: 'closed' } }],
    ['a tombstone', { ...REQUEST, input: { ...TRIP, override: { mode: 'lifted' } } }],
    ['a time that is none', { ...REQUEST, input: { ...TRIP, at: 'now' } }],
    [
      'a reason as long as an attack',
      { ...REQUEST, input: { ...TRIP, reason: 'x'.repeat(4_001) } },
    ],
  ])('%s', (_what, event) => {
    expect(refusal(() => readEmergencyCall(event, SCOPE))).toMatchObject({
      code: 'E_CONTROL_INPUT',
      kind: 'refused',
    });
  });
});

test('A trip opens the breakers, and who is written down is who is proven.', async () => {
  const { ports } = await openSite();
  await runEmergency(ports, readEmergencyCall(REQUEST, SCOPE), 'on-alarm');
  expect((await ports.breakers.read()).states['stripe']).toMatchObject({
    state: 'open',
    by: 'on-alarm: alarm shop-5xx',
    incident: 'incident1',
  });
});
