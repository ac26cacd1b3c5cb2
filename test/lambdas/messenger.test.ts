/** From somebody who has something to say, through the queue, to a channel: all real processes. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { BatchAnswer } from '../../src/adapters/aws/sqs-event.ts';
import { queueMessenger } from '../../src/adapters/queue/queue-messenger.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Message } from '../../src/model/message.ts';
import { messageWith } from '../contracts/messages.ts';
import { httpServer } from '../adapters/http/servers.ts';
import { hold, refuse } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../support/aws-server.ts';
import { queueFixture, type QueueFixture } from '../support/aws-sqs.ts';
import { runHandler } from '../support/run-handler.ts';

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(() => loadServices('sqs'), 60_000);

const answerSchema = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })),
});
const CANARY = 'canary-4711-of-the-channel';
const { signal } = new AbortController();

const CONFIG = `
service: storefront
environments:
  production: {}
messages:
  timeout: 1s
  channels:
    one: { kind: webhook, url: 'env:HOOK_ONE', secret: 'env:HOOK_SECRET' }
    two: { kind: webhook, url: 'env:HOOK_TWO' }
`;

async function fixture() {
  const state = { one: 204, two: 204 };
  await using stack = new AsyncDisposableStack();
  const one = stack.use(await httpServer((_, out) => out.writeHead(state.one).end()));
  const two = stack.use(await httpServer((_, out) => out.writeHead(state.two).end()));
  const at = stack.use(await queueFixture());
  const folder = await mkdtemp(join(tmpdir(), 'backout-messenger-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'backout.yml'), CONFIG);
  const running = stack.use(
    await runHandler('messenger', {
      BACKOUT_CONFIG: join(folder, 'backout.yml'),
      LAMBDA_TASK_ROOT: folder,
      HOOK_ONE: `${one.url}/${CANARY}`,
      HOOK_TWO: `${two.url}/${CANARY}`,
      HOOK_SECRET: CANARY,
    }),
  );
  const kept = stack.move();
  const handle = async (event: unknown): Promise<BatchAnswer> =>
    answerSchema.parse(await running.call(event as object));
  return {
    at,
    state,
    one,
    two,
    handle,
    printed: () => running.printed(),
    poll: () => at.poll(handle),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function say(at: QueueFixture, change: Partial<Message> = {}) {
  const now = new Date().toISOString();
  const message = messageWith();
  return queueMessenger({ queue: at.queue, clock: systemClock }).send(
    { ...message, facts: { ...message.facts, at: now }, ...change },
    signal,
  );
}

describe('A queued message', () => {
  it('reaches every channel once', async () => {
    await using all = await fixture();
    expect(await say(all.at)).toEqual({ delivered: true });
    await all.poll();
    expect(await all.at.waiting()).toBe(0);
    for (const { requests } of [all.one, all.two]) {
      expect(requests).toHaveLength(1);
      expect(requests[0]?.body).toContain('ROLLBACK: storefront production');
      expect(requests[0]?.body).not.toContain('LATE');
    }
  });

  it('comes again for the channel that lost it, and only there', async () => {
    await using all = await fixture();
    all.state.two = 400;
    await say(all.at);
    await all.poll();
    expect(await all.at.waiting()).toBe(1);
    all.state.two = 204;
    await all.poll();
    expect(await all.at.waiting()).toBe(0);
    expect([all.one.requests.length, all.two.requests.length]).toEqual([1, 2]);
  });

  it('that is late is sent all the same, and says how late', async () => {
    await using all = await fixture();
    const message = messageWith();
    const at = new Date(Date.now() - 7 * 60_000 - 5_000).toISOString();
    await say(all.at, { facts: { ...message.facts, at } });
    await all.poll();
    expect(all.one.requests[0]?.body).toContain('LATE: this was said 7 min ago');
  });

  it('is refused when it is anything else, or of another service', async () => {
    await using all = await fixture();
    const message = messageWith();
    await all.at.queue.put('hello', signal);
    await all.at.queue.put(JSON.stringify({ ...message, channel: '#general' }), signal);
    await say(all.at, { facts: { ...message.facts, service: 'another' } });
    await all.poll();
    expect(await all.at.waiting()).toBe(3);
    expect([...all.one.requests, ...all.two.requests]).toEqual([]);
    await expect(all.handle({ message })).rejects.toThrow('not an event of SQS');
  });

  it('shows no secret of a channel in the log, also when the channel fails', async () => {
    await using all = await fixture();
    all.state.one = 500;
    await all.two[Symbol.asyncDispose]();
    await say(all.at);
    await all.poll();
    expect(all.printed()).toContain('"not_delivered"');
    expect(all.printed()).not.toContain(CANARY);
  });

  it.each([
    ['refused', refuse('SendMessage', 403, 'AccessDenied'), 'did not take it'],
    ['hanging', hold('SendMessage'), 'No answer within 2000 ms'],
  ])('is said to be not delivered when the queue is %s', async (_, trouble, problem) => {
    await using at = await queueFixture();
    at.proxy.use(trouble);
    const begun = performance.now();
    const delivery = await say(at);
    expect(performance.now() - begun).toBeLessThan(2_700);
    expect(delivery).toMatchObject({ delivered: false });
    expect(JSON.stringify(delivery)).toContain(problem);
  });
});
