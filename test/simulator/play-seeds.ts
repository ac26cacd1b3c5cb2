import { describeCause } from '../../src/model/error.ts';
import { makeScene } from './make-scene.ts';
import { type Run, runScene } from './run-scene.ts';
import type { SeedBlock, SeedReport } from './seed-report.ts';
import { shrink } from './shrink.ts';
import { tellStory } from './story.ts';

// A promise that fails and that nobody waits for would end the real program, so it ends this one.
const stray: string[] = [];
process.on('unhandledRejection', (reason) => {
  stray.push(describeCause(reason));
});

async function play(seed: number, log: boolean): Promise<Run> {
  stray.length = 0;
  const run = await runScene(makeScene(seed), { log });
  if (stray.length > 0) {
    const text = `A promise failed and nobody waited for it: ${stray.join('; ')}`;
    run.violations.push({ id: 'thrown', at: 0, text });
  }
  return run;
}

/** Plays one seed and tells its whole story. @returns whether nothing was violated */
export async function playOne(seed: number): Promise<boolean> {
  const run = await play(seed, true);
  process.stdout.write(tellStory(makeScene(seed), run));
  return run.violations.length === 0;
}

/** Plays seeds in order, up to the first that violates something unless it is to keep going. */
export async function playSeeds({ from, count, keepGoing }: SeedBlock): Promise<SeedReport> {
  // Thousands of refusals a second: nobody reads their stacks.
  Error.stackTraceLimit = 0;
  const started = performance.now();
  const report: SeedReport = { seeds: 0, played_ms: 0, events: 0, seconds: 0, violations: [] };
  for (let seed = from; seed < from + count; seed += 1) {
    const run = await play(seed, false);
    report.seeds += 1;
    report.played_ms += run.playedMs;
    report.events += run.events;
    for (const { id, text } of run.violations.slice(0, 1)) {
      report.violations.push({ seed, rule: id, text });
    }
    if (report.violations.length > 0 && !keepGoing) break;
  }
  report.seconds = (performance.now() - started) / 1000;
  return report;
}

/** For people: the sum, and the smallest story of the first violation. */
export async function conclude(report: SeedReport): Promise<void> {
  const { seeds, played_ms: playedMs, events, seconds, violations } = report;
  const hours = (playedMs / 3_600_000).toFixed(0);
  const perSecond = (seeds / seconds).toFixed(0);
  process.stdout.write(
    `${seeds} seeds in ${seconds.toFixed(1)} s (${perSecond} per second): ` +
      `${hours} hours of trouble, ${events} events, ${violations.length} violations\n`,
  );
  for (const { seed, rule, text } of violations) {
    process.stdout.write(`seed ${seed}: ${rule}: ${text}\n`);
  }
  const [first] = violations;
  if (first === undefined) return;
  const scene = await shrink(makeScene(first.seed), first.rule);
  process.stdout.write(`\nThe smallest story of seed ${first.seed} that breaks ${first.rule}:\n\n`);
  process.stdout.write(tellStory(scene, await runScene(scene, { log: true })));
}
