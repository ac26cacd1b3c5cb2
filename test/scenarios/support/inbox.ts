/** Where the messages of a site arrive, as everybody gets them. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

const received = z.object({ code: z.string(), title: z.string(), lines: z.array(z.string()) });

export interface Inbox extends AsyncDisposable {
  url: string;
  /** Title and lines of the newest message of a kind; undefined when there is none. */
  newest(code: string): string | undefined;
  /** Kinds of all messages, in the order of arrival. */
  codes(): string[];
}

export async function openInbox(): Promise<Inbox> {
  const messages: z.infer<typeof received>[] = [];
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        messages.push(received.parse(JSON.parse(body)));
        response.end();
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/`,
    newest(code) {
      const found = messages.findLast((message) => message.code === code);
      return found && [found.title, ...found.lines].join('\n');
    },
    codes: () => messages.map(({ code }) => code),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
