import { beforeEach } from 'vitest';
import { readMessage } from '../../src/adapters/queue/message-text.ts';
import { queueMessenger } from '../../src/adapters/queue/queue-messenger.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { hold, refuse } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../support/aws-server.ts';
import { queueFixture } from '../support/aws-sqs.ts';
import { messengerContract } from './messenger.contract.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(() => loadServices('sqs'), 60_000);

messengerContract('a queue of SQS', async () => {
  const at = await queueFixture();
  return {
    messenger: queueMessenger({ queue: at.queue, clock: systemClock }),
    arrived: () =>
      at.proxy
        .carriedOut('SendMessage')
        .map(({ MessageBody: body }) => readMessage(String(body))?.title ?? 'unreadable'),
    behave(as) {
      at.proxy.calm();
      if (as === 'refusing') at.proxy.use(refuse('SendMessage', 403, 'AccessDenied'));
      if (as === 'hanging') at.proxy.use(hold('SendMessage'));
    },
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  };
});
