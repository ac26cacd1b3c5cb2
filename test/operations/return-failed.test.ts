/** A return of which the platform said no, or whose checks did not pass: what is true after it. */

import { describe, expect, it } from 'vitest';
import { resumeRollback } from '../../src/operations/resume.ts';
import { C, type Site, worldOf } from '../support/memory-ports.ts';
import { goBack, liveIs, RETURNED, rolledBackInVain, runs } from './return-support.ts';
import { ROLLED_BACK } from './roll-back-support.ts';

/** A return of which the platform said that it did not work; nothing was changed. */
async function returnedInVain(): Promise<Site> {
  const site = await rolledBackInVain();
  site.target.beforeChange = () => Promise.reject(new Error('no space left'));
  expect((await goBack(site)).execution.outcome).toBe('failed');
  site.target.beforeChange = () => Promise.resolve();
  expect(await worldOf(site)).toEqual(ROLLED_BACK);
  return site;
}

describe('a return that failed', () => {
  it('undid nothing: another one is refused, and resuming it finishes it', async () => {
    const site = await returnedInVain();
    await expect(goBack(site)).rejects.toMatchObject({
      code: 'E_UNFINISHED',
      message: expect.stringMatching(/^The return to v1\.2\.0 of incident \S+ failed/) as string,
      remedy: expect.stringContaining('backout incident resume') as string,
    });
    const { execution } = await site.clock.run(resumeRollback(site.ports, undefined, 'maria'));
    expect(execution.outcome).toBe('done');
    expect(await worldOf(site)).toEqual(RETURNED);
  });

  it('is not to be finished when something newer went live', async () => {
    const site = await returnedInVain();
    runs(site, 'v1.3.0');
    await expect(goBack(site)).rejects.toMatchObject({
      code: 'E_NOT_LIVE',
      message: expect.stringContaining('v1.3.0 went live on web') as string,
    });
  });

  it('and took effect later has left a hold, which is named', async () => {
    const site = await returnedInVain();
    Object.assign(site.target, { current: () => liveIs(C) });
    await expect(goBack(site)).rejects.toMatchObject({
      code: 'E_STILL_HELD',
      remedy: expect.stringContaining('backout release unhold v1.2.0') as string,
    });
  });

  it('at its checks alone has undone the rollback', async () => {
    const site = await rolledBackInVain();
    site.verdict = 'failed';
    expect((await goBack(site)).execution.outcome).toBe('failed');
    await expect(goBack(site)).rejects.toMatchObject({
      code: 'E_NOTHING_TO_UNDO',
      message: expect.stringContaining('undone already') as string,
    });
  });
});
