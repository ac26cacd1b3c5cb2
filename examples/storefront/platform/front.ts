import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
  request as startRequest,
} from 'node:http';
import { pipeline } from 'node:stream';
import type { ServiceProcess } from './service-process.ts';

/** Milliseconds that a release may take for one request. */
const UPSTREAM_TIMEOUT_MS = 10_000;

/**
 * The fixed address of the service: hands each request to the release that is live when it
 * arrives. A request that is under way stays with the release that got it.
 */
export function createFront(live: () => ServiceProcess | undefined): Server {
  const server = createServer((request, response) => {
    const service = live();
    if (service === undefined) explain(response, 503, 'No release is live.');
    else forward(request, response, service);
  });
  server.keepAliveTimeout = 65_000;
  return server;
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  service: ServiceProcess,
): void {
  const { method, url: path } = request;
  service.inFlight += 1;
  const upstream = startRequest({
    host: '127.0.0.1',
    port: service.port,
    agent: service.agent,
    method,
    path,
    headers: withoutConnection(request.headers),
    timeout: UPSTREAM_TIMEOUT_MS,
  });
  response.once('close', () => {
    service.inFlight -= 1;
    // The customer may have gone before the answer: then nobody waits for it.
    if (!response.writableFinished) upstream.destroy();
  });
  upstream.once('timeout', () => upstream.destroy(new Error('no answer in time')));
  upstream.once('error', (error) => {
    if (response.headersSent) response.destroy();
    else explain(response, 502, `${service.tag} did not answer: ${error.message}`);
  });
  upstream.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers));
    pipeline(answer, response, ignoreBrokenStream);
  });
  pipeline(request, upstream, ignoreBrokenStream);
}

/** How a connection is kept is agreed between two neighbours, not from end to end. */
function withoutConnection<T extends Record<string, unknown>>(headers: T): T {
  const copy: Record<string, unknown> & T = { ...headers };
  delete copy['connection'];
  delete copy['keep-alive'];
  return copy;
}

function explain(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ error })}\n`);
}

/** Both ends of a broken stream are destroyed by then, and the other handlers have answered. */
function ignoreBrokenStream(): void {}
