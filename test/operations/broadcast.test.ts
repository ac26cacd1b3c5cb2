import { describe, expect, it } from 'vitest';
import { memoryMessenger } from '../../src/adapters/memory/messenger.ts';
import { systemClock as clock } from '../../src/adapters/system-clock.ts';
import { broadcast, deliveryName } from '../../src/operations/broadcast.ts';
import type { Messenger } from '../../src/ports/messenger.ts';
import { messageWith } from '../contracts/messages.ts';

const message = messageWith();

describe('broadcast', () => {
  it('delivers to every channel though others refuse, throw, hang or ignore the abort', async () => {
    const well = memoryMessenger('well');
    const refusing = memoryMessenger('refusing');
    refusing.behave('refusing');
    const hanging = memoryMessenger('hanging');
    hanging.behave('hanging');
    const channels: Messenger[] = [
      {
        channel: 'throwing',
        send() {
          throw new Error('broken promise');
        },
      },
      { channel: 'rejecting', send: () => Promise.reject(new Error('broken too')) },
      hanging,
      { channel: 'deaf', send: () => new Promise(() => undefined) },
      refusing,
      well,
    ];
    const start = performance.now();
    const deliveries = await broadcast(channels, message, { clock, capMs: 200 });
    expect(performance.now() - start).toBeLessThan(1_500);
    expect(deliveries.map(({ channel, delivery }) => [channel, delivery.delivered])).toEqual([
      ['throwing', false],
      ['rejecting', false],
      ['hanging', false],
      ['deaf', false],
      ['refusing', false],
      ['well', true],
    ]);
    expect(deliveries.find(({ channel }) => channel === 'deaf')?.delivery).toMatchObject({
      problem: expect.stringContaining('may have arrived') as string,
    });
    expect(well.sent).toEqual([message]);
  });

  it('repeats a message only on the channels that lost it', async () => {
    const well = memoryMessenger('well');
    const flaky = memoryMessenger('flaky');
    flaky.behave('refusing');
    const sent = new Set<string>();
    await broadcast([well, flaky], message, { clock, sent });
    expect([...sent]).toEqual([deliveryName('well', message.key)]);
    flaky.behave('well');
    const again = await broadcast([well, flaky], message, { clock, sent });
    expect(again).toEqual([
      { channel: 'well', delivery: { delivered: true }, repeated: true },
      { channel: 'flaky', delivery: { delivered: true }, repeated: false },
    ]);
    expect([well.sent.length, flaky.sent.length]).toEqual([1, 1]);
  });

  it('does not send what a run before this one sent', async () => {
    const well = memoryMessenger('well');
    const sent = new Set([deliveryName('well', message.key)]);
    const [delivery] = await broadcast([well], message, { clock, sent });
    expect(delivery?.repeated).toBe(true);
    expect(well.sent).toEqual([]);
  });

  it('has nothing to say when there is no channel', async () => {
    expect(await broadcast([], message, { clock })).toEqual([]);
  });
});
