/** A door in front of a server that can be shut in the ways in which networks fail. */

import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

export interface Gate extends AsyncDisposable {
  /** The server's URL, through the gate. */
  url: string;
  /**
   * open: everything passes. shut: whoever connects, or is connected, is sent away at once. hung:
   * connections are taken, and nothing is ever answered.
   */
  set(state: 'open' | 'shut' | 'hung'): void;
  /** Calls once, before the bytes are passed on, when a client sends this text; then drops them. */
  onceSent(text: string, action: () => void): void;
}

export async function openGate(url: string, state: 'open' | 'shut' | 'hung' = 'open') {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let now = state;
  let watched: { text: string; action: () => void } | undefined;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    if (now === 'shut') client.destroy();
    client.on('data', (bytes) => {
      if (now !== 'open') return;
      if (watched !== undefined && bytes.toString('latin1').includes(watched.text)) {
        const { action } = watched;
        watched = undefined;
        action();
        client.destroy();
        return;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (now === 'open') client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  const gate: Gate = {
    url: through.href,
    set(next) {
      now = next;
      if (next === 'shut') for (const socket of sockets) socket.destroy();
    },
    onceSent(text, action) {
      watched = { text, action };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return gate;
}
