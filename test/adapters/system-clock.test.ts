import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { timestamp } from '../../src/ports/clock.ts';

const MODULE = new URL('../../src/adapters/system-clock.ts', import.meta.url).href;

/** Runs lines in a process of their own, with `systemClock` at hand. */
function inProcess(code: string) {
  const whole = `import { systemClock } from ${JSON.stringify(MODULE)};\n${code}`;
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', whole]);
}

describe('the system clock', () => {
  it('tells the time of the machine', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
    expect(timestamp(systemClock)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('never wakes up early', async () => {
    for (const ms of [0, 1, 7, 30]) {
      const start = performance.now();
      await systemClock.sleep(ms);
      expect(performance.now() - start).toBeGreaterThanOrEqual(ms);
    }
  });

  it.each([-5, Number.NaN])('does not wait for %d ms', async (ms) => {
    const start = performance.now();
    await systemClock.sleep(ms);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('rejects with the reason of the signal', async () => {
    const reason = new Error('paused by kim');
    const abort = new AbortController();
    const sleeping = systemClock.sleep(60_000, abort.signal);
    abort.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('leaves no timer behind: the process ends at once after an abort', async () => {
    const { stdout } = await inProcess(`
      const abort = new AbortController();
      const sleeping = systemClock.sleep(3_600_000, abort.signal).catch((error) => error.message);
      abort.abort(new Error('stopped'));
      console.log(await sleeping);
    `);
    expect(stdout.trim()).toBe('stopped');
  });

  it('keeps the process alive while something waits for it', async () => {
    const { stdout } = await inProcess(`await systemClock.sleep(200); console.log('awake');`);
    expect(stdout.trim()).toBe('awake');
  });

  it('waits for longer than a timer can', async () => {
    // A timer of more than 24.8 days fires at once; this one must still sleep when it is aborted.
    const { stdout } = await inProcess(`
      const signal = AbortSignal.timeout(300);
      const end = await systemClock.sleep(2 ** 31 + 5, signal).then(() => 'early', () => 'asleep');
      console.log(end);
    `);
    expect(stdout.trim()).toBe('asleep');
  });
});
