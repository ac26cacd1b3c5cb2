import { type Server, createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { listen } from '../../examples/storefront/platform/listen.ts';
import { summarize } from '../../examples/storefront/traffic-window.ts';
import { startTraffic } from '../../examples/storefront/traffic.ts';
import { until } from '../support/until.ts';

function record(at: number, ok: boolean, ms: number, endpoint = 'GET /readings') {
  return { at, ok, ms, endpoint, status: ok ? 200 : 500 };
}

describe('a window of the traffic', () => {
  test('counts what was sent inside it, with its first and without its last instant', () => {
    const records = [record(99, false, 1), record(100, true, 1), record(200, false, 1)];
    expect(summarize(records, 100, 200)).toMatchObject({ requests: 1, errors: 0, error_rate: 0 });
    expect(summarize(records, 0, 1000)).toMatchObject({ requests: 3, errors: 2 });
  });

  test('takes the time that 95 of 100 requests do not exceed', () => {
    const records = Array.from({ length: 100 }, (_, index) => record(0, true, 100 - index));
    expect(summarize(records, 0, 1).p95_ms).toBe(95);
  });

  test('counts payments apart', () => {
    const payment = 'POST /payments/validate';
    const records = [record(0, true, 1, payment), record(0, false, 1, payment), record(0, true, 1)];
    expect(summarize(records, 0, 1)).toMatchObject({ payments: 2, payment_failures: 1 });
  });

  test('without requests says 0, not "not a number"', () => {
    expect(summarize([], 0, 1)).toEqual({
      requests: 0,
      errors: 0,
      error_rate: 0,
      p95_ms: 0,
      payments: 0,
      payment_failures: 0,
    });
  });
});

interface Listening extends AsyncDisposable {
  url: string;
}

async function serve(server: Server): Promise<Listening> {
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('traffic', () => {
  test('is steady and mixed', async () => {
    await using target = await serve(createServer((_, response) => response.end('{}')));
    await using traffic = startTraffic({ url: target.url, perSecond: 200 });
    const from = performance.now();
    await until('200 requests', () => traffic.records().length >= 200);
    const seconds = (performance.now() - from) / 1000;
    expect(traffic.records().length / seconds).toBeGreaterThan(150);
    expect(traffic.records().length / seconds).toBeLessThan(250);
    expect(new Set(traffic.records().map(({ endpoint }) => endpoint)).size).toBe(6);
    expect(traffic.since(0).errors).toBe(0);
  });

  test('counts 5xx and broken connections as errors, and 404 and 429 not', async () => {
    const statuses: Record<string, number> = { '/readings': 500, '/profile': 404, '/signup': 429 };
    const server = createServer((request, response) => {
      if (request.url === '/orders') request.socket.destroy();
      else response.writeHead(statuses[request.url ?? ''] ?? 200).end('{}');
    });
    await using target = await serve(server);
    await using traffic = startTraffic({ url: target.url, perSecond: 200 });
    await until('40 requests', () => traffic.records().length >= 40);
    await traffic.stop();
    const failed = traffic.records().filter(({ ok }) => !ok);
    expect(new Set(failed.map(({ endpoint }) => endpoint))).toEqual(
      new Set(['GET /readings', 'POST /orders']),
    );
  });

  test('gives up a request after 2 s, keeps its schedule meanwhile, and stops in bounded time', async () => {
    await using target = await serve(createServer(() => {}));
    await using traffic = startTraffic({ url: target.url, perSecond: 50 });
    await until('the first request to end', () => traffic.records().length > 0);
    const [first] = traffic.records();
    expect(first).toMatchObject({ ok: false, status: 0 });
    expect(first?.ms).toBeGreaterThan(1900);
    const from = performance.now();
    await traffic.stop();
    expect(performance.now() - from).toBeLessThan(3000);
    expect(traffic.records().length).toBeGreaterThan(80);
  });

  test('tells the first answer that fits, and stops waiting for one that does not come', async () => {
    const server = createServer((_, response) =>
      response.writeHead(200, { 'backout-epoch': 'gen:7', 'storefront-release': 'v1' }).end('{}'),
    );
    await using target = await serve(server);
    await using traffic = startTraffic({ url: target.url });
    const found = await traffic.firstResponseWith(({ epoch }) => epoch === 'gen:7');
    expect(found).toMatchObject({ ok: true, release: 'v1' });
    await expect(traffic.firstResponseWith(() => false, 50)).rejects.toThrow(/within 0.05 s/);
    const [waiting] = await Promise.allSettled([
      traffic.firstResponseWith(() => false),
      traffic.stop(),
    ]);
    expect(waiting.status).toBe('rejected');
  });
});
