import { describe, expect, test } from 'vitest';
import { memoryCheck } from '../../src/adapters/memory/check.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Verdict } from '../../src/model/verdict.ts';
import { executePlan, type ExecutionPorts } from '../../src/operations/execute-plan.ts';
import { validateStep } from '../../src/operations/validate-step.ts';
import { watchedTime } from '../../src/operations/watched-time.ts';
import {
  change,
  entriesOf,
  INCIDENT,
  newWorld,
  outcomes,
  planOf,
  portsOf,
} from './execution-support.ts';

const MINUTE_MS = 60_000;
const calm = { base: {}, safe: {}, overrides: [] };
const never = (): Promise<never> => new Promise(() => undefined);

const validate = (name: string, afterMs: number, number: number): Step => ({
  id: `validate:${name}`,
  stage: number,
  title: `Validate ${name}`,
  action: {
    kind: 'validate',
    stage: name,
    after_ms: afterMs,
    every_ms: MINUTE_MS,
    slowest_ms: 15_000,
  },
  cap_ms: afterMs + MINUTE_MS,
  essential: true,
});

/** A rollback whose bake lasts ten minutes, with a round every minute. */
const plan = planOf(
  change('web', 1),
  validate('now', 0, 2),
  validate('t+2', 2 * MINUTE_MS, 3),
  validate('t+10', 10 * MINUTE_MS, 4),
);

/** A night in which processes die; each look of theirs is noted with its minute. */
function openNight() {
  const world = newWorld();
  const begun = world.clock.now();
  const minute = (): number => (world.clock.now() - begun) / MINUTE_MS;

  /** A process that begins, or goes on where the journal says. */
  function begin(verdict: (minute: number) => Verdict) {
    const looks: number[] = [];
    const notes: string[] = [];
    let dead = false;
    const whole = portsOf(world);
    const clock = {
      now: () => world.clock.now(),
      async sleep(ms: number, signal?: AbortSignal) {
        await world.clock.sleep(ms, signal);
        if (dead) await never();
      },
    };
    const health = memoryCheck({
      name: 'health',
      clock,
      verdict() {
        looks.push(minute());
        return verdict(minute());
      },
    });
    const validation = {
      clock,
      flags: { read: () => Promise.resolve(calm) },
      checks: [health],
      onStage: () => Promise.resolve(),
    };
    const ports: ExecutionPorts = {
      ...whole,
      clock,
      journal: {
        ...whole.journal,
        append: (entry) => (dead ? never() : whole.journal.append(entry)),
      },
      observe(event) {
        if (event.type === 'note') notes.push(event.text);
      },
      handlerFor: (action) =>
        action.kind === 'validate' ? validateStep(validation, action) : whole.handlerFor(action),
    };
    const running = entriesOf(world).then((entries) =>
      executePlan(ports, {
        id: 'execution1',
        incident: INCIDENT,
        plan,
        actor: 'kim',
        reason: 'error rate 21 %',
        rule: 'manual',
        entries,
        journalRequired: true,
      }),
    );
    return {
      looks,
      notes,
      running,
      die() {
        // From now on nothing of it comes back, not even from a wait.
        dead = true;
      },
    };
  }

  return {
    world,
    /** Begins, or goes on, and dies so many minutes later. */
    async dieAfter(minutes: number) {
      const one = begin(() => 'passed');
      await world.clock.advance(minutes * MINUTE_MS);
      one.die();
    },
    /** Begins, and dies at its first look: deployed, and nothing is known of how it went. */
    async dieAtFirstLook() {
      const one = begin(() => {
        one.die();
        return 'passed';
      });
      await world.clock.advance(MINUTE_MS);
    },
    pass: (minutes: number) => world.clock.advance(minutes * MINUTE_MS),
    /** Begins, or goes on, to the end. */
    async finish(verdict: (minute: number) => Verdict = () => 'passed') {
      const { looks, notes, running } = begin(verdict);
      const result = await world.clock.run(running);
      const minutes = [...new Set(looks)];
      return { minutes, stages: outcomes(result), notes, outcome: result.outcome };
    },
  };
}

const everyMinute = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

const allDone = plan.steps.map(({ id }) => [id, 'done']);

test('Without a break the stages are where the plan has them.', async () => {
  const { minutes, stages, notes } = await openNight().finish();
  expect({ minutes, stages }).toEqual({ minutes: everyMinute(0, 10), stages: allDone });
  expect(notes.join(' ')).not.toContain('anew');
});

describe('A rollback that is resumed', () => {
  test('long after the time of its last stage watches the whole bake again.', async () => {
    const night = openNight();
    await night.dieAfter(5.5);
    await night.pass(60 - 5.5);
    const { minutes, stages, notes } = await night.finish();
    // t+2 was proven by the first process; of the bake nobody knows anything.
    expect({ minutes, stages }).toEqual({ minutes: everyMinute(60, 70), stages: allDone });
    expect(notes).toContain('Nobody watched for 3480 s: watching begins anew.');
  });

  test('right after a whole stage goes on where it was.', async () => {
    const night = openNight();
    await night.dieAfter(2.5);
    const { minutes, stages } = await night.finish();
    expect(stages).toEqual(allDone);
    expect([minutes.at(0), minutes.at(-1)]).toEqual([2.5, 10]);
  });

  test('before its first look counts from then, and not from the deployment.', async () => {
    const night = openNight();
    await night.dieAtFirstLook();
    await night.pass(29);
    const { minutes, stages } = await night.finish();
    expect({ minutes, stages }).toEqual({ minutes: everyMinute(30, 40), stages: allDone });
    expect(night.world.effects).toEqual(['web']);
  });

  test('twice keeps the beginning of the second watch.', async () => {
    const night = openNight();
    await night.dieAfter(1.5);
    await night.pass(58.5);
    await night.dieAfter(2.5);
    const { minutes, stages } = await night.finish();
    expect(stages).toEqual(allDone);
    // Begun anew after an hour: t+2 was at 62, the bake is over at 70, and not at once.
    expect([minutes.at(0), minutes.at(-1)]).toEqual([62.5, 70]);
  });

  test('after a bake that could not tell has to watch it all, not once.', async () => {
    const night = openNight();
    const first = await night.finish((minute) => (minute >= 5 && minute < 6 ? 'error' : 'passed'));
    expect(first.outcome).toBe('unknown');
    const second = await night.finish();
    expect(second).toMatchObject({ outcome: 'done', minutes: everyMinute(10, 20) });
  });

  test('and broken in the second watch has not passed.', async () => {
    const night = openNight();
    await night.dieAfter(5.5);
    await night.pass(60);
    const { outcome, stages } = await night.finish((minute) => (minute > 70 ? 'failed' : 'passed'));
    expect(outcome).toBe('failed');
    expect(stages.at(-1)).toEqual(['validate:t+10', 'failed']);
  });
});

describe('The time in which somebody watched', () => {
  const stage = {
    kind: 'validate',
    stage: 't+2',
    after_ms: 120_000,
    every_ms: MINUTE_MS,
    slowest_ms: 15_000,
  } as const;

  test('has no break as long as a pause between two rounds may be.', () => {
    const watched = watchedTime(0);
    watched.deployed(1_000);
    expect(watched.begin(stage, 1_000 + 130_000)).toBeUndefined();
    expect(watched.from).toBe(1_000);
    expect(watched.begin(stage, 1_001 + 130_000)).toBe(130_001);
    expect([watched.from, watched.until]).toEqual([131_001, 131_001]);
  });

  test('begins with the last deployment, whatever was watched before.', () => {
    const watched = watchedTime(0);
    watched.seen(5_000_000);
    watched.replayed(change('web', 1).action, 6_000_000);
    expect([watched.from, watched.until, watched.deployedAt]).toEqual([
      6_000_000, 6_000_000, 6_000_000,
    ]);
  });

  test('is not moved by a slow look of our own, but by one of an earlier process.', () => {
    const now = { ...stage, stage: 'now', after_ms: 0 };
    const ours = watchedTime(0);
    ours.seen(300_000);
    expect(ours.from).toBe(0);
    const theirs = watchedTime(0);
    theirs.replayed(now, 300_000);
    expect(theirs.from).toBe(300_000);
  });
});
