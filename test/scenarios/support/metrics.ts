/** What the service measures of itself: a document over HTTP, by what is live or as it is told. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Metrics extends AsyncDisposable {
  url: string;
  /**
   * by-release: 21 % of the requests fail while v1.2.0 is live. ill: whatever is live. down: the
   * connection ends without an answer.
   */
  set(state: 'by-release' | 'ill' | 'down'): void;
  /** File that says what is live. */
  follow(liveFile: string): void;
}

export async function openMetrics(): Promise<Metrics> {
  let state: 'by-release' | 'ill' | 'down' = 'by-release';
  let liveFile: string | undefined;
  const server = createServer((request, response) => {
    if (state === 'down' || liveFile === undefined) {
      request.socket.destroy();
      return;
    }
    const ill = state === 'ill' || readFileSync(liveFile, 'utf8').includes('v1.2.0');
    response.end(JSON.stringify({ minute: { errors: ill ? 0.21 : 0.001 } }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/metrics`,
    set(next) {
      state = next;
    },
    follow(file) {
      liveFile = file;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
