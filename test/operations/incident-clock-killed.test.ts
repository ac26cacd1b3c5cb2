/** The clock of an incident dies at any of its steps: in a durable function that is nothing special. */
import { describe, expect, test } from 'vitest';
import { runIncidentClock } from '../../src/operations/incident-clock/run-incident-clock.ts';
import { openSite } from '../support/memory-ports.ts';
import { Died, memorySteps } from '../support/memory-steps.ts';
import {
  close,
  MIN,
  play,
  SETTINGS,
  startOf,
  type Story,
  workOf,
} from './incident-clock-support.ts';

describe('Killed at any step, and played again from what was kept', () => {
  const story: Story = {
    start: { decision: 'investigate', level: 'application', rule: 'slow' },
    settings: { investigateForMs: MIN, updatesEveryMs: 2 * MIN, wakeMs: MIN },
    handOver: async () => ({ by: 'github', outcome: 'running', problems: [] }),
    until: 6,
  };

  async function undisturbed(): Promise<{ messages: string[]; steps: number }> {
    const site = await openSite();
    const { told: all, steps } = await play(site, story);
    return {
      messages: all.map((one) => one.replace(/^\S+ /, '')).toSorted(),
      steps: steps.kept.size,
    };
  }

  test('it says everything once, and attempts once', async () => {
    const { messages, steps: count } = await undisturbed();
    expect(count).toBeGreaterThan(20);
    for (let number = 1; number <= count; number += 1) {
      for (const when of ['before', 'after'] as const) {
        const site = await openSite();
        const start = startOf(site, story);
        let attempts = 0;
        const work = workOf(
          site,
          {
            ...story,
            handOver: async () => {
              attempts += 1;
              return { by: 'github', outcome: 'running', problems: [] };
            },
          },
          start,
        );
        const closing = site.clock.sleep(6 * MIN).then(() => close(site));
        const kept = new Map<string, unknown>();
        const first = memorySteps(site.clock, kept);
        first.dieAt(number, when);
        const settings = { ...SETTINGS, ...story.settings };
        await expect(
          site.clock.run(runIncidentClock(first, work, start, settings)),
          `${when} ${number}`,
        ).rejects.toThrow(Died);
        const again = memorySteps(site.clock, kept);
        const end = await site.clock.run(runIncidentClock(again, work, start, settings));
        await site.clock.run(closing);
        expect(end).toBe('incident-closed');
        const codes = site.messenger.sent.map(({ code, facts }) =>
          facts.page === undefined ? code : `${code} ${facts.page.join(',')}`,
        );
        // An update may be later or fewer by one: time went on. Everything else is said once.
        const once = codes.filter((code) => code !== 'incident-update').toSorted();
        expect(once, `${when} ${number}`).toEqual(
          messages.filter((code) => code !== 'incident-update'),
        );
        expect(attempts, `${when} ${number}`).toBeLessThanOrEqual(2);
      }
    }
  }, 60_000);
});
