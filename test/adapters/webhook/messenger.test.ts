import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import {
  webhookMessenger,
  type WebhookMessengerOptions,
} from '../../../src/adapters/webhook/messenger.ts';
import { signBody, verifySignature } from '../../../src/adapters/webhook/signature.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { messageWith } from '../../contracts/messages.ts';
import { closedAddress, httpServer, rawServer } from '../http/servers.ts';

const { signal } = new AbortController();
const ids = { next: () => 'abcdefgh', random: () => 0.5 };

function hook(url: string, more: Partial<WebhookMessengerOptions> = {}) {
  return webhookMessenger({ channel: 'hook', url, clock: systemClock, ids, ...more });
}

/** A clock that passes over waits, and keeps them. */
function recordingClock(): Clock & { waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => Date.UTC(2025, 0, 12, 3),
    sleep(ms) {
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

describe('a message as it arrives', () => {
  it('is JSON, with a key to know repeats by, signed with the time', async () => {
    await using server = await httpServer((_request, response) => response.end());
    const clock = recordingClock();
    const url = `${server.url}/hooks/T0KEN`;
    await hook(url, { clock, secret: 'shared secret' }).send(messageWith(), signal);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/hooks/T0KEN' });
    expect(request?.headers['content-type']).toContain('application/json');
    expect(request?.headers['idempotency-key']).toBe('incident1%2Frollback-started');
    expect(JSON.parse(request?.body ?? '')).toEqual({ version: 1, ...messageWith() });
    const header = String(request?.headers['backout-signature']);
    const around = { now: clock.now(), toleranceMs: 300_000 };
    expect(header).toMatch(/^t=1736650800,v1=[0-9a-f]{64}$/);
    expect(verifySignature(header, request?.body ?? '', 'shared secret', around)).toBe(true);
  });

  it('is not signed without a secret', async () => {
    await using server = await httpServer((_request, response) => response.end());
    await hook(server.url).send(messageWith(), signal);
    expect(server.requests[0]?.headers).not.toHaveProperty('backout-signature');
  });
});

describe('the signature', () => {
  const now = Date.UTC(2025, 0, 12, 3);
  const header = signBody('{"a":1}', 'secret', now);
  const around = { now, toleranceMs: 300_000 };

  it('agrees with a value computed elsewhere', () => {
    // printf '1736650800.{"a":1}' | openssl dgst -sha256 -hmac secret
    expect(header).toBe(
      't=1736650800,v1=c92b84724e8d8d8621511ce691dda186abc553dbf076e3ed003da5c5f47ed1c9',
    );
  });

  it.each([
    ['another body', header, '{"a":2}', 'secret', now, false],
    ['another secret', header, '{"a":1}', 'secrets', now, false],
    ['another time in the header', header.replace('t=17', 't=18'), '{"a":1}', 'secret', now, false],
    ['an old message', header, '{"a":1}', 'secret', now + 301_000, false],
    ['a message from the future', header, '{"a":1}', 'secret', now - 301_000, false],
    ['no time', 'v1=00', '{"a":1}', 'secret', now, false],
    ['nothing', '', '{"a":1}', 'secret', now, false],
    ['a short digest', `${header.split(',')[0]},v1=00`, '{"a":1}', 'secret', now, false],
    ['a second digest while the secret changes', `${header},v1=00`, '{"a":1}', 'secret', now, true],
  ])('given %s', (_, given, body, secret, at, expected) => {
    expect(verifySignature(given, body, secret, { ...around, now: at })).toBe(expected);
  });
});

describe('repeats', () => {
  it.each([500, 502, 503, 429])('are made after status %d', async (status) => {
    let answers = 0;
    await using server = await httpServer((_request, response) => {
      answers += 1;
      response.writeHead(answers < 3 ? status : 200).end();
    });
    const clock = recordingClock();
    expect(await hook(server.url, { clock }).send(messageWith(), signal)).toEqual({
      delivered: true,
    });
    expect(server.requests).toHaveLength(3);
    expect(clock.waits).toEqual([100, 200]);
    expect(new Set(server.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it.each([400, 401, 404, 410, 302])('are not made after status %d', async (status) => {
    await using server = await httpServer((_request, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    expect(await hook(server.url).send(messageWith(), signal)).toEqual({
      delivered: false,
      problem: `it answered with status ${status}`,
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['seconds', '1', 1_000],
    ['a date', new Date(Date.UTC(2025, 0, 12, 3) + 1_000).toUTCString(), 1_000],
    ['a date that has passed', new Date(0).toUTCString(), 100],
    ['nonsense', 'soon', 100],
  ])('obey retry-after as %s', async (_, header, wait) => {
    await using server = await httpServer((_request, response) => {
      if (server.requests.length > 1) response.end();
      else response.writeHead(429, { 'retry-after': header }).end();
    });
    const clock = recordingClock();
    expect(await hook(server.url, { clock }).send(messageWith(), signal)).toEqual({
      delivered: true,
    });
    expect(clock.waits).toEqual([wait]);
  });

  it('end at once when retry-after goes beyond the cap', async () => {
    await using server = await httpServer((_request, response) => {
      response.writeHead(503, { 'retry-after': '60' }).end();
    });
    const start = performance.now();
    expect(await hook(server.url).send(messageWith(), signal)).toMatchObject({ delivered: false });
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(server.requests).toHaveLength(1);
  });

  it('reach a receiver that let the first connection hang', async () => {
    let connections = 0;
    await using server = await rawServer((socket) => {
      connections += 1;
      if (connections > 1) socket.end('HTTP/1.1 204 No Content\r\n\r\n');
    });
    expect(await hook(server.url, { capMs: 1_000 }).send(messageWith(), signal)).toEqual({
      delivered: true,
    });
    expect(connections).toBe(2);
  });
});

describe('a receiver that does not answer', () => {
  it('costs its cap and no more', async () => {
    await using server = await rawServer(() => undefined);
    const start = performance.now();
    const delivery = await hook(server.url, { capMs: 400 }).send(messageWith(), signal);
    expect(delivery).toMatchObject({ delivered: false });
    expect(performance.now() - start).toBeGreaterThan(150);
    expect(performance.now() - start).toBeLessThan(1_500);
  });

  it('is named without its address, which is a secret', async () => {
    const url = `${await closedAddress()}/hooks/T0KEN`;
    const delivery = await hook(url, { capMs: 200 }).send(messageWith(), signal);
    expect(delivery).toMatchObject({ delivered: false });
    expect(JSON.stringify(delivery)).not.toContain('T0KEN');
    expect(await hook('T0KEN').send(messageWith(), signal)).toMatchObject({ delivered: false });
  });
});
