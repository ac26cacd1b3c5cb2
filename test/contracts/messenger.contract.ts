import { describe, expect, it } from 'vitest';
import type { Messenger } from '../../src/ports/messenger.ts';
import { messageWith } from './messages.ts';

export interface MessengerFixture extends AsyncDisposable {
  messenger: Messenger;
  /** Titles of what arrived at the other side, in order. */
  arrived(): string[];
  /** From now on the other side refuses, or neither takes nor answers; `well` ends that. */
  behave(as: 'well' | 'refusing' | 'hanging'): Promise<void> | void;
}

/** What every Messenger does, run on each of them. */
export function messengerContract(name: string, make: () => Promise<MessengerFixture>): void {
  describe(`Messenger: ${name}`, () => {
    const { signal } = new AbortController();

    it('delivers messages in order', async () => {
      await using fixture = await make();
      for (const key of ['one', 'two', 'three']) {
        const message = messageWith({ key, title: `Title ${key}` });
        expect(await fixture.messenger.send(message, signal)).toEqual({ delivered: true });
      }
      expect(fixture.arrived()).toEqual(['Title one', 'Title two', 'Title three']);
    });

    it('sends a message once per key, also when asked twice at the same time', async () => {
      await using fixture = await make();
      const message = messageWith();
      const deliveries = await Promise.all([
        fixture.messenger.send(message, signal),
        fixture.messenger.send(message, signal),
      ]);
      deliveries.push(await fixture.messenger.send(message, signal));
      expect(deliveries.every(({ delivered }) => delivered)).toBe(true);
      expect(fixture.arrived()).toHaveLength(1);
    });

    it('says that it could not deliver, does not throw, and may be asked again', async () => {
      await using fixture = await make();
      await fixture.behave('refusing');
      const delivery = await fixture.messenger.send(messageWith(), signal);
      expect(delivery).toMatchObject({
        delivered: false,
        problem: expect.stringMatching(/./) as string,
      });
      await fixture.behave('well');
      expect(await fixture.messenger.send(messageWith(), signal)).toEqual({ delivered: true });
      expect(fixture.arrived()).toHaveLength(1);
    });

    it('gives up when the signal aborts', async () => {
      await using fixture = await make();
      await fixture.behave('hanging');
      const abort = new AbortController();
      const sending = fixture.messenger.send(messageWith(), abort.signal);
      abort.abort();
      expect(await sending).toMatchObject({ delivered: false });
    });

    it('sends nothing when there is no time left', async () => {
      await using fixture = await make();
      const delivery = await fixture.messenger.send(messageWith(), AbortSignal.abort());
      expect(delivery).toMatchObject({ delivered: false });
      expect(fixture.arrived()).toEqual([]);
    });
  });
}
