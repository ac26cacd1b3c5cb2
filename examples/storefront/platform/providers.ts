import { type Server, createServer } from 'node:http';

/** Stands for the payment, text message and push providers: says yes to everything, does nothing. */
export function createFakeProviders(): Server {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"accepted":true}\n');
  });
  server.keepAliveTimeout = 65_000;
  return server;
}
