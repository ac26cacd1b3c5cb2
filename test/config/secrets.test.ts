import { expect, test } from 'vitest';
import {
  listReferences,
  resolveReference,
  withStored,
  secretFault,
  parameterOf,
} from '../../src/config/secrets.ts';
import { BackoutError } from '../../src/model/error.ts';

function errorOf(reference: string, environment: Record<string, string | undefined>): BackoutError {
  try {
    resolveReference(reference, environment);
  } catch (error) {
    if (error instanceof BackoutError) return error;
    throw error;
  }
  throw new Error('this reference was resolved');
}

test('a reference to the environment is the value of the variable', () => {
  expect(resolveReference('env:REDIS_URL', { REDIS_URL: 'redis://x' })).toBe('redis://x');
});

test.each([
  ['env:REDIS_URL', {}, 'E_SECRET_MISSING', 'not set', 'Set REDIS_URL'],
  ['env:REDIS_URL', { REDIS_URL: '' }, 'E_SECRET_MISSING', 'empty', 'Set REDIS_URL'],
  ['ssm:/a/b', {}, 'E_NOT_AVAILABLE', 'cannot be read here', 'env:NAME'],
  ['redis://:hunter2@x', {}, 'E_SECRET_REFERENCE', 'not one', 'env:NAME'],
])('%s with %o is %s', (reference, environment, code, message, remedy) => {
  const error = errorOf(reference, environment);

  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
  expect(error.remedy).toContain(remedy);
  expect(JSON.stringify(error)).not.toContain('hunter2');
});

test.each([
  'env:DATABASE_URL',
  'ssm:/backout/shop/production/secrets/key',
  'https://shop.example.com/health?limit=1',
  'app/checkout/50dc6c495c0c9188',
  'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-5xx',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'select count(*) from tokens where secret is null',
  'sum(rate(http_errors_total[2m])) / sum(rate(http_requests_total[2m]))',
  'owner@example.com',
])('%s is no secret', (text) => {
  expect(secretFault(text, ['description'])).toBeUndefined();
});

test('the name of a header decides only where values go out', () => {
  expect(secretFault('abc', ['checks', 'a', 'headers', 'Authorization'])).toBeDefined();
  expect(secretFault('abc', ['targets', 'a', 'env', 'DB_PASSWORD'])).toBeDefined();
  expect(secretFault('/token', ['checks', 'a', 'capture', 'token'])).toBeUndefined();
  expect(secretFault('text/html', ['checks', 'a', 'headers', 'Accept'])).toBeUndefined();
  expect(secretFault('', ['checks', 'a', 'headers', 'Cookie'])).toBeUndefined();
});

test('a reference to the parameter store is what was read from there', () => {
  const denied = new BackoutError({ code: 'E_SECRETS_UNREACHABLE', message: 'no', remedy: 'ask' });
  const stored = new Map<string, string | BackoutError>([
    ['ssm:/a', 'value'],
    ['ssm:/empty', ''],
    ['ssm:/denied', denied],
  ]);
  expect(resolveReference('ssm:/a', withStored({}, stored))).toBe('value');
  for (const reference of ['ssm:/empty', 'ssm:/nowhere']) {
    expect(() => resolveReference(reference, withStored({}, stored))).toThrow(
      /does not exist, or is empty/,
    );
  }
  expect(() => resolveReference('ssm:/denied', withStored({}, stored))).toThrow(denied);
});

test('a reference may depend on the service and the environment', () => {
  const scope = { service: 'shop', environment: 'production' };
  expect(parameterOf('ssm:/x/{service}/{environment}/{service}', scope)).toBe(
    '/x/shop/production/shop',
  );
});

test('every reference is listed with its place', () => {
  const found = listReferences({ a: ['env:A', 'plain'], b: { c: 'ssm:/c', d: 3, e: null } });

  expect(found).toEqual([
    { path: ['a', 0], reference: 'env:A' },
    { path: ['b', 'c'], reference: 'ssm:/c' },
  ]);
});
