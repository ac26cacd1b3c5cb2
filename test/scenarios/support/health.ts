/** The service as its customers see it: well or not, by what is live. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Health extends AsyncDisposable {
  url: string;
  /** by-release: bad while v1.2.0 is live. cut: the connection ends without an answer. */
  set(state: 'by-release' | 'good' | 'bad' | 'cut'): void;
}

export async function openHealth(liveFile: string): Promise<Health> {
  let state: 'by-release' | 'good' | 'bad' | 'cut' = 'by-release';
  const server = createServer((request, response) => {
    if (state === 'cut') {
      request.socket.destroy();
      return;
    }
    const good =
      state === 'good' ||
      (state === 'by-release' && !readFileSync(liveFile, 'utf8').includes('v1.2.0'));
    response.writeHead(good ? 200 : 500).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next) {
      state = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
