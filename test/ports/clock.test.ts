import { describe, expect, it } from 'vitest';
import { within } from '../../src/ports/clock.ts';
import { fakeClock } from '../support/fake-clock.ts';

const never = (): Promise<never> => new Promise(() => undefined);

describe('a question with a limit', () => {
  it('that is answered in time is not aborted, and leaves no timer behind', async () => {
    const clock = fakeClock();
    let signal: AbortSignal | undefined;
    const asking = within(clock, 1_000, async (given) => {
      signal = given;
      await clock.sleep(999);
      return 7;
    });
    expect(await clock.run(asking)).toBe(7);
    await clock.advance(10_000);
    expect(signal?.aborted).toBe(false);
    expect(clock.sleeping()).toBe(0);
  });

  it('that is not is told so, and whoever asked gets the error that was made for it', async () => {
    const clock = fakeClock();
    let signal: AbortSignal | undefined;
    const late = new Error('too late');
    const question = (given: AbortSignal): Promise<never> => {
      signal = given;
      return never();
    };
    await expect(clock.run(within(clock, 1_000, question, () => late))).rejects.toBe(late);
    expect(signal?.reason).toBe(late);
    expect(clock.sleeping()).toBe(0);
  });

  it('gets E_TIMEOUT also when the question ends because it was told to', async () => {
    const clock = fakeClock();
    const question = (signal: AbortSignal): Promise<never> =>
      clock.sleep(9_000, signal).then(never);
    await expect(clock.run(within(clock, 1_000, question))).rejects.toMatchObject({
      code: 'E_TIMEOUT',
      kind: 'uncertain',
      retryable: true,
    });
  });

  it('that fails after nobody waits any more disturbs nobody', async () => {
    const clock = fakeClock();
    const question = () => clock.sleep(9_000).then(() => Promise.reject(new Error('late')));
    await expect(clock.run(within(clock, 10, question))).rejects.toMatchObject({
      code: 'E_TIMEOUT',
    });
    await clock.advance(10_000);
    expect(clock.sleeping()).toBe(0);
  });
});
