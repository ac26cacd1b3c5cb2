/** Somebody who waits for a target hears of it every few seconds, also while nothing moves. */

import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Target } from '../../src/ports/target.ts';
import { place } from '../adapters/command/place-fixture.ts';
import { ecsFixture } from '../support/aws-ecs.ts';
import { lambdaFixture } from '../support/aws-lambda.ts';
import { AWS_SETUP_MS, requireAws } from '../support/aws-server.ts';
import { fleetFixture, requireFlock } from '../support/aws-ssm.ts';
import { failureOf } from '../support/failure.ts';
import { BAD, GOOD, guard } from './target-trouble.contract.ts';

/**
 * Time passes while somebody sleeps and the target is stuck, and at no other time. The step ends
 * after half a minute of it.
 */
function hurriedClock(stop: AbortController) {
  let time = Date.UTC(2025, 0, 12, 3);
  const end = time + 30_000;
  return {
    isStuck: () => true,
    now: () => time,
    async sleep(ms: number) {
      if (this.isStuck()) time += ms;
      if (time >= end) stop.abort(new Error('the cap of the step is over'));
      stop.signal.throwIfAborted();
      // Programs and servers get their turn.
      await systemClock.sleep(1);
    },
  };
}

/** What was said, and how long nothing was at the most, in milliseconds. */
async function listen(
  target: Target,
  clock: { now(): number },
  stop: AbortController,
  said: { at: number; line: string }[],
): Promise<number> {
  const start = clock.now();
  await failureOf(target.apply(GOOD, guard(1, stop.signal)));
  const moments = [start, ...said.map(({ at }) => at), clock.now()];
  return Math.max(...moments.map((at, index) => at - (moments[index - 1] ?? at)));
}

/** A target's clock and ears. */
function patience() {
  const stop = new AbortController();
  const clock = hurriedClock(stop);
  const said: { at: number; line: string }[] = [];
  const onOutput = (line: string): void => void said.push({ at: clock.now(), line });
  return { stop, clock, said, onOutput };
}

describe('While nothing moves for half a minute, there is a line every few seconds', () => {
  describe('on AWS', () => {
    beforeEach(requireAws, AWS_SETUP_MS);

    it('of a rollout', async () => {
      const { stop, clock, said, onOutput } = patience();
      await using at = await ecsFixture({ clock, onOutput, pollMs: 3_000 });
      await at.publish(GOOD);
      at.rollouts.settle(await at.publish(BAD), 4);
      at.rollouts.plan.looks = Infinity;
      expect(await listen(at.target, clock, stop, said)).toBeLessThanOrEqual(6_000);
      expect(said.at(-1)?.line).toMatch(/0 of 4 tasks run.*\(\d\d s\)/);
    });

    it('of traffic that goes over in two steps', async () => {
      const { stop, clock, said, onOutput } = patience();
      const shift = { share: 0.1, waitMs: 60_000 };
      await using at = await lambdaFixture({ clock, onOutput, shift });
      await at.publish(GOOD);
      await at.deployedBySomebodyElse(await at.publish(BAD));
      expect(await listen(at.target, clock, stop, said)).toBeLessThanOrEqual(5_000);
      expect(said.map(({ line }) => line.match(/(\d+) s more/)?.[1])).toEqual([
        '60',
        '55',
        '50',
        '45',
        '40',
        '35',
      ]);
    });

    it('of machines that are at work', async (context) => {
      await requireFlock(context);
      const { stop, clock, said, onOutput } = patience();
      await using at = await fleetFixture(1, {
        clock,
        onOutput,
        pollMs: 700,
      });
      await at.publish(GOOD);
      await at.makeSlow();
      clock.isStuck = () => at.read(at.machines[0] ?? '', 'slow-pid') !== '';
      expect(await listen(at.target, clock, stop, said)).toBeLessThanOrEqual(6_000);
      expect(said.map(({ line }) => line).join('\n')).toMatch(/0 of the 1 machines.*\(\d+ s\)/);
    });
  });

  it('of a program that prints nothing', async () => {
    const lines: string[] = [];
    const stop = new AbortController();
    await using at = await place({
      sayEveryMs: 20,
      onOutput(line) {
        lines.push(line);
        if (lines.length === 4) stop.abort(new Error('the cap of the step is over'));
      },
    });
    await at.publish(GOOD);
    await at.behave('waits-then-changes');
    await failureOf(at.target.apply(GOOD, guard(1, stop.signal)));
    expect(lines.slice(0, 4).every((line) => line.includes('of web still runs'))).toBe(true);
  });
});
