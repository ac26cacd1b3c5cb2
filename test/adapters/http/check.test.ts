import { describe, expect, it } from 'vitest';
import { httpCheck, type HttpCheckOptions } from '../../../src/adapters/http/check.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import type { Measurement } from '../../../src/model/check.ts';
import { closedAddress, httpServer, rawServer } from './servers.ts';

function check(url: string, more: Partial<HttpCheckOptions> = {}) {
  return httpCheck({
    name: 'health',
    stages: ['now'],
    url,
    expect: { status: 200 },
    timeoutMs: 5_000,
    clock: systemClock,
    ...more,
  });
}

async function measure(
  url: string,
  more: Partial<HttpCheckOptions> = {},
  safeState = false,
): Promise<Measurement> {
  const { signal } = new AbortController();
  const measurement = await check(url, more).run({ safeState, signal });
  if (measurement === undefined) throw new Error('The check did not apply.');
  return measurement;
}

const HEALTH = JSON.stringify({
  status: 'ok',
  checks: [{ name: 'database', ok: true, ms: 3 }],
  'a/b': { '~c': null },
});

describe('an answer as expected is passed', () => {
  it.each<[string, HttpCheckOptions['expect']]>([
    ['status', { status: 200 }],
    ['one of several', { status: [204, 200] }],
    ['text', { status: 200, body_contains: '"status":"ok"' }],
    ['JSON', { status: 200, json: { '/status': 'ok', '/checks/0/ok': true, '/checks/0/ms': 3 } }],
    ['JSON pointers with escapes', { status: 200, json: { '/a~1b/~0c': null } }],
    ['time', { status: 200, within: 4_000 }],
  ])('by %s', async (_, expected) => {
    await using server = await httpServer((_request, response) => response.end(HEALTH));
    expect(await measure(server.url, { expect: expected })).toMatchObject({
      check: 'health',
      verdict: 'passed',
    });
  });

  it('says when it was measured and how long it took', async () => {
    await using server = await httpServer((_request, response) => response.end(HEALTH));
    const at = Date.UTC(2025, 0, 12, 3);
    const clock = { ...systemClock, now: () => at };
    const { duration_ms, ...rest } = await measure(`${server.url}/health?key=secret`, { clock });
    expect(duration_ms).toBeGreaterThanOrEqual(0);
    expect(rest.at).toBe('2025-01-12T03:00:00.000Z');
    expect(rest.reason).toContain('/health');
    expect(rest.reason).not.toContain('secret');
  });

  it('sends what it is told to send', async () => {
    await using server = await httpServer((_request, response) => response.end());
    await measure(`${server.url}/orders`, {
      method: 'POST',
      headers: { 'x-probe': 'yes' },
      body: '{"n":1}',
    });
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/orders', body: '{"n":1}' });
    expect(server.requests[0]?.headers['x-probe']).toBe('yes');
  });
});

describe('an answer that differs is failed', () => {
  it.each<[string, HttpCheckOptions['expect'], string]>([
    ['status', { status: 204 }, 'Status 200, expected 204'],
    ['text', { status: 200, body_contains: 'all good' }, 'does not contain "all good"'],
    [
      'a JSON value',
      { status: 200, json: { '/status': 'fine' } },
      '/status is "ok", expected "fine"',
    ],
    ['a missing JSON value', { status: 200, json: { '/constructor': 1 } }, 'is missing'],
    ['JSON deeper than it goes', { status: 200, json: { '/status/0/x': 1 } }, 'is missing'],
  ])('by %s', async (_, expected, reason) => {
    await using server = await httpServer((_request, response) => response.end(HEALTH));
    const measurement = await measure(server.url, { expect: expected });
    expect(measurement.verdict).toBe('failed');
    expect(measurement.reason).toContain(reason);
  });

  it('when the body is not JSON though JSON is expected', async () => {
    await using server = await httpServer((_request, response) => response.end('<html>'));
    expect(await measure(server.url, { expect: { status: 200, json: { '/a': 1 } } })).toMatchObject(
      {
        verdict: 'failed',
      },
    );
  });

  it('when it is slower than allowed, though it is right', async () => {
    await using server = await httpServer((_request, response) => {
      setTimeout(() => response.end(HEALTH), 150);
    });
    const measurement = await measure(server.url, { expect: { status: 200, within: 50 } });
    expect(measurement.verdict).toBe('failed');
    expect(measurement.reason).toContain('at most 50 ms');
  });

  it('when it is a redirect, which is not followed', async () => {
    await using server = await httpServer((_request, response) => {
      response.writeHead(302, { location: '/login' }).end();
    });
    const measurement = await measure(server.url);
    expect(measurement).toMatchObject({ verdict: 'failed' });
    expect(measurement.reason).toContain('Status 302, expected 200');
    expect(server.requests).toHaveLength(1);
    expect(await measure(server.url, { expect: { status: 302 } })).toMatchObject({
      verdict: 'passed',
    });
  });

  it('when its status is wrong already and it breaks off after that', async () => {
    await using server = await rawServer((socket) => {
      socket.write('HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\nhalf');
      setTimeout(() => socket.destroy(), 20);
    });
    expect(await measure(server.url)).toMatchObject({ verdict: 'failed' });
  });
});

describe('no answer is an error, neither passed nor failed', () => {
  it.each<[string, () => Promise<string>, string]>([
    ['nothing listens', closedAddress, 'nothing listens'],
    ['the address is none', () => Promise.resolve('not an address'), 'not an http'],
    ['the address is of another kind', () => Promise.resolve('file:///etc/passwd'), 'not an http'],
    ['there is no such name', () => Promise.resolve('http://no-such-host.invalid/'), 'DNS'],
  ])('when %s', async (_, url, reason) => {
    const measurement = await measure(await url());
    expect(measurement.verdict).toBe('error');
    expect(measurement.reason).toContain(reason);
  });

  it('when the server takes the connection and says nothing', async () => {
    await using server = await rawServer(() => undefined);
    const start = performance.now();
    const measurement = await measure(server.url, { timeoutMs: 200 });
    expect(measurement).toMatchObject({ verdict: 'error' });
    expect(measurement.reason).toContain('no answer within 200 ms');
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it.each([
    ['cuts the connection', ''],
    ['answers something that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['answers half a status line', 'HTTP/1.1 2'],
    ['answers binary', '\u0000\u0001\u0002\r\n\r\n'],
  ])('when the server %s', async (_, answer) => {
    await using server = await rawServer((socket) => {
      socket.end(answer, () => socket.destroy());
    });
    expect(await measure(server.url)).toMatchObject({ verdict: 'error' });
  });

  it('when there is no TLS where TLS is expected', async () => {
    await using server = await httpServer((_request, response) => response.end());
    const url = server.url.replace('http:', 'https:');
    expect(await measure(url)).toMatchObject({ verdict: 'error' });
  });

  it('when it comes one byte at a time and never ends', async () => {
    await using server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      const drip = setInterval(() => socket.write('a'), 10);
      socket.once('close', () => clearInterval(drip));
    });
    const start = performance.now();
    const measurement = await measure(server.url, { timeoutMs: 300 });
    expect(measurement.verdict).toBe('error');
    expect(measurement.reason).toContain('began well but did not end within 300 ms');
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('but failed when the same answer was to come within a time that is over', async () => {
    await using server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
    });
    const expected = { status: 200, within: 100 };
    expect(await measure(server.url, { timeoutMs: 300, expect: expected })).toMatchObject({
      verdict: 'failed',
    });
  });

  it('when the headers never end', async () => {
    await using server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write(`x-${Math.random()}: y\r\n`), 5);
      socket.once('close', () => clearInterval(drip));
    });
    expect(await measure(server.url, { timeoutMs: 300 })).toMatchObject({ verdict: 'error' });
  });

  it('when it breaks off before its end', async () => {
    await using server = await rawServer((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"status":"ok"}');
    });
    const expected = { status: 200, body_contains: 'ok' };
    const measurement = await measure(server.url, { expect: expected });
    expect(measurement).toMatchObject({ verdict: 'error' });
    expect(measurement.reason).toContain('broke off');
  });

  it('when what is expected may be in the part that is too long to read', async () => {
    await using server = await httpServer((_request, response) => {
      response.write('ok');
      response.end('x'.repeat(3 * 1024 * 1024));
    });
    const expecting = (body_contains: string) =>
      measure(server.url, { expect: { status: 200, body_contains } });
    expect(await expecting('not there')).toMatchObject({ verdict: 'error' });
    expect(await expecting('okxx')).toMatchObject({ verdict: 'passed' });
    expect(await measure(server.url)).toMatchObject({ verdict: 'passed' });
  });

  it('when the answer is compressed although we asked for plain text', async () => {
    await using server = await httpServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('ok');
    });
    const expected = { status: 200, body_contains: 'ok' };
    expect(await measure(server.url, { expect: expected })).toMatchObject({ verdict: 'error' });
    expect(await measure(server.url)).toMatchObject({ verdict: 'passed' });
  });

  it('when the caller has no more time', async () => {
    await using server = await rawServer(() => undefined);
    const abort = new AbortController();
    const running = check(server.url).run({ safeState: false, signal: abort.signal });
    abort.abort();
    expect(await running).toMatchObject({ verdict: 'error' });
  });
});

describe('while the safe state is on', () => {
  it('is not asked when it says skip', async () => {
    await using server = await httpServer((_request, response) => response.end());
    const skipping = check(server.url, { underSafeState: 'skip' });
    const { signal } = new AbortController();
    expect(await skipping.run({ safeState: true, signal })).toBeUndefined();
    expect(server.requests).toHaveLength(0);
    expect(await skipping.run({ safeState: false, signal })).toMatchObject({ verdict: 'passed' });
  });

  it('expects what is expected then, and only that', async () => {
    await using server = await httpServer((_request, response) => {
      response.writeHead(503).end('payments are off');
    });
    const options = {
      expect: { status: 200, body_contains: 'paid' },
      underSafeState: { expect: { status: 503 } },
    };
    expect(await measure(server.url, options, true)).toMatchObject({ verdict: 'passed' });
    expect(await measure(server.url, options, false)).toMatchObject({ verdict: 'failed' });
  });

  it('expects the same when nothing else is said', async () => {
    await using server = await httpServer((_request, response) => response.end());
    expect(await measure(server.url, {}, true)).toMatchObject({ verdict: 'passed' });
  });
});
