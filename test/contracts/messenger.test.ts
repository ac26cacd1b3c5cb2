import { Writable } from 'node:stream';
import * as z from 'zod';
import { consoleMessenger } from '../../src/adapters/console/messenger.ts';
import { memoryMessenger } from '../../src/adapters/memory/messenger.ts';
import { randomIds } from '../../src/adapters/random-ids.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { webhookMessenger } from '../../src/adapters/webhook/messenger.ts';
import { httpServer } from '../adapters/http/servers.ts';
import { messengerContract } from './messenger.contract.ts';

type Behaviour = 'well' | 'refusing' | 'hanging';
const nothingToEnd = { [Symbol.asyncDispose]: () => Promise.resolve() };
const titleOf = z.object({ title: z.string() });

messengerContract('console', () => {
  let behaviour: Behaviour = 'well';
  let text = '';
  // A stream of Node is lost after its first error; the other side of this one comes back.
  class Terminal extends Writable {
    override write(chunk: unknown, ...rest: unknown[]): boolean {
      const done = rest.find((one) => typeof one === 'function');
      if (behaviour === 'well') text += String(chunk);
      if (behaviour !== 'hanging') {
        done?.(behaviour === 'refusing' ? new Error('the terminal is gone') : undefined);
      }
      return true;
    }
  }
  const stream = new Terminal();
  return Promise.resolve({
    messenger: consoleMessenger({ stream }),
    arrived: () => text.split('\n').filter((line) => line !== '' && !line.startsWith(' ')),
    behave(as) {
      behaviour = as;
    },
    ...nothingToEnd,
  });
});

messengerContract('webhook', async () => {
  let behaviour: Behaviour = 'well';
  const arrived: string[] = [];
  const server = await httpServer((_request, response) => {
    if (behaviour === 'hanging') return;
    if (behaviour === 'refusing') {
      response.writeHead(500).end();
      return;
    }
    arrived.push(titleOf.parse(JSON.parse(server.requests.at(-1)?.body ?? '')).title);
    response.writeHead(204).end();
  });
  return {
    messenger: webhookMessenger({
      channel: 'hook',
      url: server.url,
      clock: systemClock,
      ids: randomIds,
    }),
    arrived: () => arrived,
    behave(as) {
      behaviour = as;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});

messengerContract('memory', () => {
  const messenger = memoryMessenger();
  return Promise.resolve({
    messenger,
    arrived: () => messenger.sent.map(({ title }) => title),
    behave: (as) => messenger.behave(as),
    ...nothingToEnd,
  });
});
