import { expect, test } from 'vitest';
import {
  journeyCheck,
  type JourneyOptions,
  type JourneyStep,
} from '../../../src/adapters/http/journey.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { httpServer, rawServer } from './servers.ts';

type Step = Partial<JourneyStep> & { url: string };

async function travel(
  url: string,
  steps: Step[],
  context: { safeState?: boolean; recovering?: boolean } = {},
  options: Partial<JourneyOptions> = {},
) {
  let ids = 0;
  const check = journeyCheck({
    name: 'sign-up',
    stages: ['t+10'],
    steps: steps.map((step, index) => ({
      name: `step ${index + 1}`,
      method: 'GET',
      headers: {},
      capture: {},
      expect: { status: 200 },
      ...step,
      url: url + step.url,
    })),
    timeoutMs: 3_000,
    clock: systemClock,
    unique: () => `id${(ids += 1)}`,
    places: { service: 'shop' },
    ...options,
  });
  const { signal } = new AbortController();
  return await check.run({ safeState: false, ...context, signal });
}

/** Opens an account with a number, answers everything else with what was asked. */
function shop() {
  return httpServer((request, response) => {
    if (request.method !== 'POST') return response.end('{"ok": true}');
    return response.writeHead(201).end('{"account": {"id": 7, "key": "a b/c"}}');
  });
}

const open: Step = {
  url: '/accounts',
  method: 'POST',
  body: { email: '{unique}@{service}.example', of: ['{unique}'] },
  capture: { id: '/account/id', key: '/account/key' },
  expect: { status: 201 },
};

test('What a step captures is used by the steps after it, and stays one part of an address.', async () => {
  await using server = await shop();
  const read: Step = {
    url: '/accounts/{key}?from={id}',
    method: 'PUT',
    headers: { 'x-account': 'number {id}' },
    body: { id: '{id}', text: 'account {id}', other: '{unknown}' },
  };
  expect(await travel(server.url, [open, read])).toMatchObject({ verdict: 'passed' });
  const [first, second] = server.requests;
  expect(JSON.parse(first?.body ?? '')).toEqual({ email: 'id1@shop.example', of: ['id1'] });
  expect(first?.headers['content-type']).toBe('application/json');
  expect(second?.path).toBe('/accounts/a%20b%2Fc?from=7');
  expect(second?.headers['x-account']).toBe('number 7');
  // Alone in its place a number stays one; braces that nobody knows are none of our business.
  expect(JSON.parse(second?.body ?? '')).toEqual({ id: 7, text: 'account 7', other: '{unknown}' });
});

test('Every journey has an id of its own.', async () => {
  await using server = await shop();
  let ids = 0;
  const unique = () => `id${(ids += 1)}`;
  await travel(server.url, [open], {}, { unique });
  await travel(server.url, [open], {}, { unique });
  const emails = server.requests.map(({ body }) => (JSON.parse(body) as { email: string }).email);
  expect(new Set(emails).size).toBe(2);
});

test('The first step that is not as expected ends it, and is named.', async () => {
  await using server = await shop();
  const steps = [open, { url: '/a', name: 'pay', expect: { status: 204 } }, { url: '/b' }];
  const measurement = await travel(server.url, steps);
  expect(measurement?.verdict).toBe('failed');
  expect(measurement?.reason).toBe('Step 2 of 3, "pay": Status 200, expected 204.');
  expect(server.requests).toHaveLength(2);
});

test.each<[what: string, pointer: string, verdict: string]>([
  ['is not in the answer', '/account/number', 'failed'],
  ['is not a single value', '/account', 'failed'],
])('A value that %s cannot be captured.', async (_what, pointer, verdict) => {
  await using server = await shop();
  const measurement = await travel(server.url, [{ ...open, capture: { id: pointer } }]);
  expect(measurement).toMatchObject({ verdict });
  expect(measurement?.reason).toContain(pointer);
});

test('Under the safe state a step has its own expectation, or is not taken.', async () => {
  await using server = await httpServer((request, response) => {
    response.writeHead(request.url === '/pay' ? 503 : 200).end('{}');
  });
  const steps: Step[] = [
    { url: '/pay', underSafeState: { expect: { status: 503 } } },
    { url: '/mail', underSafeState: 'skip' },
    { url: '/orders' },
  ];
  const under = await travel(server.url, steps, { safeState: true });
  expect(under).toMatchObject({ verdict: 'passed' });
  expect(under?.reason).toContain('1 skipped');
  expect(server.requests.map(({ path }) => path)).toEqual(['/pay', '/orders']);
  expect(await travel(server.url, steps)).toMatchObject({ verdict: 'failed' });
});

test('While breakers come back, the usual answer and that of the safe state are both good.', async () => {
  for (const status of [200, 503]) {
    await using server = await httpServer((_request, response) => {
      response.writeHead(status).end('{}');
    });
    const steps: Step[] = [{ url: '/pay', underSafeState: { expect: { status: 503 } } }];
    const context = { safeState: true, recovering: true };
    expect(await travel(server.url, steps, context)).toMatchObject({ verdict: 'passed' });
  }
});

test('A step that needs what a skipped step would have captured cannot be asked: error.', async () => {
  await using server = await shop();
  const steps: Step[] = [{ ...open, underSafeState: 'skip' }, { url: '/accounts/{id}' }];
  const measurement = await travel(server.url, steps, { safeState: true });
  expect(measurement).toMatchObject({ verdict: 'error' });
  expect(measurement?.reason).toContain('{id}');
  expect(server.requests).toHaveLength(0);
});

test('Nothing left to ask under the safe state: it does not apply.', async () => {
  await using server = await shop();
  const steps: Step[] = [{ url: '/a', underSafeState: 'skip' }];
  expect(await travel(server.url, steps, { safeState: true })).toBeUndefined();
  const whole = { underSafeState: 'skip' } as const;
  expect(await travel(server.url, [{ url: '/a' }], { safeState: true }, whole)).toBeUndefined();
});

test('The time is for the whole journey, not for each step.', async () => {
  await using server = await httpServer((_request, response) => {
    setTimeout(() => response.end('{}'), 150);
  });
  const steps = Array.from({ length: 10 }, () => ({ url: '/slow' }));
  const start = performance.now();
  const measurement = await travel(server.url, steps, {}, { timeoutMs: 400 });
  expect(measurement).toMatchObject({ verdict: 'error' });
  expect(performance.now() - start).toBeLessThan(1_200);
});

test('A captured value that breaks a header is an error, and nothing of it is sent.', async () => {
  await using server = await httpServer((_request, response) => response.end('{"id": "a\\r\\nb"}'));
  const first = { url: '/a', capture: { id: '/id' } };
  const steps: Step[] = [first, { url: '/b', headers: { 'x-id': '{id}' } }];
  expect(await travel(server.url, steps)).toMatchObject({ verdict: 'error' });
  expect(server.requests).toHaveLength(1);
});

test('A step that breaks off in the middle of the value is an error.', async () => {
  await using server = await rawServer((socket) => {
    socket.end('HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{"account": {"id": 7');
  });
  expect(await travel(server.url, [open])).toMatchObject({ verdict: 'error' });
});
