import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Answer } from './answer.ts';
import type { BackoutClient, ClientSnapshot } from './client.ts';
import { ping } from './connections.ts';
import { createMetrics } from './metrics.ts';
import type { CallProvider } from './providers.ts';
import { createRateLimit } from './rate-limit.ts';
import { findRoute } from './routes.ts';

export interface StorefrontOptions {
  client: Pick<BackoutClient, 'snapshot'>;
  /** Tag of this release, told in every answer. */
  release: string;
  callProvider: CallProvider;
}

/** Longest body that is read, in bytes. */
const BODY_LIMIT = 64 * 1024;

/** The storefront as an HTTP server that does not listen yet. */
export function createStorefront({ client, release, callProvider }: StorefrontOptions): Server {
  const metrics = createMetrics();
  const mayGoOn = createRateLimit();

  async function answer(request: IncomingMessage, snapshot: ClientSnapshot): Promise<Answer> {
    const { method = 'GET', url = '/' } = request;
    const path = new URL(url, 'http://storefront').pathname;
    if (method === 'GET' && path === '/health') return health(snapshot);
    if (method === 'GET' && path === '/metrics') return showMetrics();
    const started = performance.now();
    const result = await answerCustomer(request, `${method} ${path}`, snapshot);
    metrics.record({
      at: Date.now(),
      ms: performance.now() - started,
      error: result.status >= 500,
      payment: result.payment,
    });
    return result;
  }

  async function answerCustomer(
    request: IncomingMessage,
    question: string,
    snapshot: ClientSnapshot,
  ): Promise<Answer> {
    const customer = request.headers['storefront-customer']?.toString() ?? 'anonymous';
    if (snapshot.flag('rate_limiting_enabled', true) && !mayGoOn(customer, Date.now())) {
      return { status: 429, body: { error: 'Too many requests in this second.' } };
    }
    const [method = '', path = ''] = question.split(' ');
    const route = findRoute(method, path);
    if (route === undefined) return { status: 404, body: { error: `No such page: ${question}.` } };
    try {
      const body = await readBody(request);
      return await route.handler({ snapshot, customer, id: route.id, body, callProvider });
    } catch (error) {
      return { status: 500, body: { error: error instanceof Error ? error.message : 'unknown' } };
    }
  }

  async function health(snapshot: ClientSnapshot): Promise<Answer> {
    const state = { release, safe_state: snapshot.safeState };
    try {
      await ping();
      return { status: 200, body: { status: 'ok', ...state } };
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'unknown';
      return { status: 503, body: { status: 'unwell', problem, ...state } };
    }
  }

  async function showMetrics(): Promise<Answer> {
    const lastMinute = metrics.lastMinute(Date.now());
    return { status: 200, body: { release, total: metrics.total(), last_minute: lastMinute } };
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // One snapshot per request: the header below proves what the answer was made with.
    const snapshot = client.snapshot();
    const { status, body } = await answer(request, snapshot);
    response.writeHead(status, {
      'content-type': 'application/json',
      'backout-epoch': snapshot.describe(),
      'storefront-release': release,
    });
    response.end(`${JSON.stringify(body)}\n`);
  }

  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  // Longer than any client keeps an idle connection: we are never the side that closes one just
  // as the next request is on its way.
  server.keepAliveTimeout = 65_000;
  return server;
}

/** @throws {Error} when the body is too long or the connection breaks. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > BODY_LIMIT) throw new Error('The body is too long.');
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
