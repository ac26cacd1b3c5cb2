import { afterEach, describe, expect, test } from 'vitest';
import type { Server } from 'node:http';
import { createFakeProviders } from '../../examples/storefront/platform/providers.ts';
import { listen } from '../../examples/storefront/platform/listen.ts';
import { NOTHING } from '../../client/knowledge.ts';
import { takeSnapshot } from '../../client/snapshot.ts';
import type { BreakerState } from '../../src/model/breaker.ts';
import { createMetrics } from '../../examples/storefront/service/metrics.ts';
import { callProvidersAt } from '../../examples/storefront/service/providers.ts';
import { createStorefront } from '../../examples/storefront/service/server.ts';
import { type Reply, ask } from './support.ts';

const open: Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(server: Server): Promise<string> {
  open.push(server);
  return `http://127.0.0.1:${await listen(server)}`;
}

const OPEN: BreakerState = {
  state: 'open',
  since: '2026-01-01T00:00:00.000Z',
  by: 'test',
  reason: 'test',
};

interface Situation {
  flags?: Record<string, boolean>;
  /** Providers whose breaker is open. */
  opened?: string[];
  providersUrl?: string;
}

async function storefrontIn(situation: Situation): Promise<string> {
  const { flags = {}, opened = [] } = situation;
  const providersUrl = situation.providersUrl ?? (await serve(createFakeProviders()));
  const breakers = new Map(opened.map((provider) => [provider, { state: OPEN }]));
  const epoch = { generation: 'g', counter: 3 };
  const snapshot = takeSnapshot({
    ...NOTHING,
    base: new Map([['all', flags]]),
    breakers,
    epoch,
  });
  const client = { snapshot: () => snapshot };
  const callProvider = callProvidersAt(providersUrl);
  return serve(createStorefront({ client, release: 'v1', callProvider }));
}

function post(url: string, body: unknown): Promise<Reply> {
  return ask(url, { method: 'POST', body: JSON.stringify(body) });
}

describe('payment validation', () => {
  test('asks the first provider whose breaker is closed', async () => {
    const all = await storefrontIn({});
    expect((await post(`${all}/payments/validate`, {})).body).toMatchObject({ provider: 'stripe' });
    const one = await storefrontIn({ opened: ['stripe'] });
    expect((await post(`${one}/payments/validate`, {})).body).toMatchObject({ provider: 'square' });
  });

  test('with all payment breakers open answers "later", which is not an error', async () => {
    const url = await storefrontIn({ opened: ['stripe', 'square'] });
    const reply = await post(`${url}/payments/validate`, {});
    expect(reply).toMatchObject({ status: 200, body: { validated: false, deferred: true } });
    const metrics = await ask(`${url}/metrics`, {});
    expect(metrics.body['total']).toMatchObject({ payments_ok: 0, payments_failed: 0, errors: 0 });
  });

  test('that no provider answers is an error and a failed payment', async () => {
    const url = await storefrontIn({ providersUrl: 'http://127.0.0.1:9' });
    expect((await post(`${url}/payments/validate`, {})).status).toBe(502);
    const metrics = await ask(`${url}/metrics`, {});
    expect(metrics.body['total']).toMatchObject({ payments_failed: 1, errors: 1 });
    expect(metrics.body['last_minute']).toMatchObject({ payments_failed: 1, errors: 1 });
  });
});

describe('what customers see', () => {
  test('is plain with the flags off, and limited when limiting is on', async () => {
    const url = await storefrontIn({ flags: { rate_limiting_enabled: true } });
    const profile = await ask(`${url}/profile`, {});
    expect(profile.body).toMatchObject({ personalized: false, community: false });
    expect((await ask(`${url}/readings`, {})).body).not.toHaveProperty('comments');
    const burst = await Promise.all(Array.from({ length: 100 }, () => ask(`${url}/profile`, {})));
    expect(burst.some(({ status }) => status === 429)).toBe(true);
  });

  test('is full with the flags on', async () => {
    const url = await storefrontIn({
      flags: {
        community_enabled: true,
        notifications_enabled: true,
        personalization_enabled: true,
        rate_limiting_enabled: false,
      },
    });
    const profile = await ask(`${url}/profile`, { headers: { 'storefront-customer': 'Ada' } });
    expect(profile.body).toMatchObject({ personalized: true, greeting: 'Welcome back, Ada' });
    expect((await ask(`${url}/readings`, {})).body).toHaveProperty('comments');
    const order = await post(`${url}/orders`, { reading: 'one-card', quantity: 2 });
    expect(order).toMatchObject({ status: 201, body: { total: '9.00', notified: true } });
    const burst = await Promise.all(Array.from({ length: 100 }, () => ask(`${url}/profile`, {})));
    expect(burst.every(({ status }) => status === 200)).toBe(true);
  });

  test('waits for text and push messages whose breakers are open', async () => {
    const flags = { notifications_enabled: true };
    const url = await storefrontIn({ flags, opened: ['twilio_sms', 'fcm', 'apns'] });
    const signup = await post(`${url}/signup`, { email: 'ada@example.org' });
    expect(signup).toMatchObject({ status: 201, body: { message: 'later' } });
    const order = await post(`${url}/orders`, { reading: 'one-card' });
    expect(order.body).toMatchObject({ notified: false });
  });

  test('carries the state that the answer was made with, on errors too', async () => {
    const url = await storefrontIn({});
    for (const path of ['/health', '/profile', '/orders/unknown', '/nowhere']) {
      expect(await ask(url + path, {})).toMatchObject({ epoch: 'g:3', release: 'v1' });
    }
    expect((await post(`${url}/signup`, 'no address')).status).toBe(400);
    expect((await post(`${url}/orders`, { reading: 'unknown' })).status).toBe(400);
  });

  test('includes an order that was just placed', async () => {
    const url = await storefrontIn({});
    const placed = await post(`${url}/orders`, { reading: 'three-cards', quantity: 3 });
    const shown = await ask(`${url}/orders/${String(placed.body['id'])}`, {});
    expect(shown).toMatchObject({ status: 200, body: { total: '59.97' } });
  });
});

describe('the metrics', () => {
  test('tell the last minute from all time', () => {
    const metrics = createMetrics();
    metrics.record({ at: 0, ms: 900, error: true, payment: undefined });
    metrics.record({ at: 120_000, ms: 10, error: false, payment: 'ok' });
    expect(metrics.total()).toMatchObject({ requests: 2, errors: 1, p95_ms: 900 });
    expect(metrics.lastMinute(120_001)).toMatchObject({ requests: 1, errors: 0, p95_ms: 10 });
    expect(metrics.lastMinute(190_000)).toMatchObject({
      requests: 0,
      error_rate: null,
      p95_ms: null,
      payment_success: null,
    });
  });
});
