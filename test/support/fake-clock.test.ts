import { describe, expect, it } from 'vitest';
import { fakeClock, NIGHT } from './fake-clock.ts';

describe('the clock of the tests', () => {
  it('stands still until it is moved, and wakes sleepers in order, each at its time', async () => {
    const clock = fakeClock();
    const woken: [string, number][] = [];
    const sleep = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woken.push([name, clock.now() - NIGHT]);
    };
    const all = Promise.all([sleep('long', 300), sleep('short', 100), sleep('none', 0)]);
    await clock.advance(99);
    expect(woken).toEqual([['none', 0]]);
    await clock.advance(201);
    await all;
    expect(woken).toEqual([
      ['none', 0],
      ['short', 100],
      ['long', 300],
    ]);
    expect(clock.now()).toBe(NIGHT + 300);
  });

  it('wakes those who fall asleep again on the way', async () => {
    const clock = fakeClock();
    const looks: number[] = [];
    const work = (async () => {
      for (let count = 0; count < 4; count += 1) {
        await clock.sleep(10);
        looks.push(clock.now() - NIGHT);
      }
    })();
    await clock.advance(35);
    expect(looks).toEqual([10, 20, 30]);
    await clock.run(work);
    expect(looks).toEqual([10, 20, 30, 40]);
  });

  it('ends a sleep with the reason of its signal, and forgets it', async () => {
    const clock = fakeClock();
    const abort = new AbortController();
    const reason = new Error('enough');
    const sleeping = clock.sleep(100, abort.signal);
    expect(clock.sleeping()).toBe(1);
    abort.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(clock.sleep(100, abort.signal)).rejects.toBe(reason);
    expect(clock.sleeping()).toBe(0);
  });

  it('says so when work waits for something that is not time', async () => {
    const clock = fakeClock();
    await expect(clock.run(new Promise(() => undefined))).rejects.toThrow('never comes');
    const forever = (async () => {
      for (;;) await clock.sleep(60_000);
    })();
    await expect(clock.run(forever)).rejects.toThrow('more than a day');
  });

  it('gives back what the work gives, and throws what it throws', async () => {
    const clock = fakeClock();
    expect(await clock.run(clock.sleep(5).then(() => 'done'))).toBe('done');
    const failing = clock.sleep(5).then(() => Promise.reject(new Error('broken')));
    await expect(clock.run(failing)).rejects.toThrow('broken');
  });
});
