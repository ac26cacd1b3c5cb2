/** Real servers on the loopback address, well and badly behaved. */

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createRawServer, type Server, type Socket } from 'node:net';

export interface TestServer extends AsyncDisposable {
  url: string;
}

export interface RecordingServer extends TestServer {
  /** What came in, in order. */
  requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[];
}

/** A server that answers as told. The listener is called when the whole body is there. */
export async function httpServer(listener: RequestListener): Promise<RecordingServer> {
  const requests: RecordingServer['requests'] = [];
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (text: string) => {
      body += text;
    });
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      requests.push({ method, path: url, headers, body });
      listener(incoming, outgoing);
    });
  });
  return { ...(await listen(server)), requests };
}

/** A server below HTTP: gets the connection once the request has begun to arrive. */
export function rawServer(onRequest: (socket: Socket) => void): Promise<TestServer> {
  return listen(
    createRawServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => onRequest(socket));
    }),
  );
}

/** An address where nothing listens. */
export async function closedAddress(): Promise<string> {
  const server = await rawServer(() => undefined);
  await server[Symbol.asyncDispose]();
  return server.url;
}

async function listen(server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
