/** What the function `runner` takes, and what it can change. */
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { readRunnerInput, requireNative } from '../../src/wiring/runner-function.ts';

const SCOPE = { service: 'shop', environment: 'production' };
const ASKED = {
  ...SCOPE,
  incident: '20250112-0300-alarm',
  to: 'v1.1.0',
  rule: 'critical-errors',
  reason: 'error rate 21 %',
  actor: 'on-alarm',
};

const targets = (own: object) =>
  configSchema.parse({ service: 'shop', environments: {}, targets: own });

describe('The runner', () => {
  test('takes what the clock of an incident sends', () => {
    expect(readRunnerInput(ASKED, SCOPE)).toEqual(ASKED);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'roll back'],
    ['another service', { ...ASKED, service: 'other' }],
    ['another environment', { ...ASKED, environment: 'staging' }],
    ['an incident that is none', { ...ASKED, incident: '../x' }],
    ['a release that is none', { ...ASKED, to: '--force' }],
    ['no release', { ...ASKED, to: undefined }],
    ['no reason', { ...ASKED, reason: '' }],
    ['a level', { ...ASKED, level: 'database' }],
    ['an agreement of its own', { ...ASKED, approved_by: 'kim' }],
  ])('refuses %s', (_what, given) => {
    expect(() => readRunnerInput(given, SCOPE)).toThrowError(
      expect.objectContaining({ code: 'E_RUNNER_INPUT', kind: 'refused' }),
    );
  });

  test('changes targets on AWS', () => {
    const native = targets({
      api: { kind: 'lambda-alias', function_name: 'api' },
      web: { kind: 'ecs', cluster: 'c', service: 's' },
    });
    expect(() => requireNative(native)).not.toThrowError();
  });

  test('refuses by name what it cannot change', () => {
    const mixed = targets({
      api: { kind: 'lambda-alias', function_name: 'api' },
      site: { kind: 'workflow', file: 'deploy.yml' },
      old: { kind: 'command', deploy: ['x'], current: ['x'] },
    });
    expect(() => requireNative(mixed)).toThrowError(
      expect.objectContaining({
        code: 'E_RUNNER_TARGET',
        message: expect.stringContaining('site (workflow), old (command)') as string,
      }),
    );
  });
});
