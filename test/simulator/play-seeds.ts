import { describeCause } from '../../src/model/error.ts';
import { makeScene } from './make-scene.ts';
import { type Run, runScene } from './run-scene.ts';
import { shrink } from './shrink.ts';
import { tellStory } from './story.ts';

export interface SeedOptions {
  /** Plays this one and tells its whole story. */
  one: number | undefined;
  from: number;
  count: number;
  json: boolean;
  /** Goes on after a violation. */
  keepGoing: boolean;
}

/** What a caller reads with --json. */
export interface SeedReport {
  /** Seeds played. */
  seeds: number;
  /** Virtual milliseconds played, over all seeds. */
  played_ms: number;
  events: number;
  seconds: number;
  violations: { seed: number; rule: string; text: string }[];
}

/** @returns the exit code: 0 when nothing was violated, 1 otherwise */
export async function playSeeds(options: SeedOptions): Promise<number> {
  // A promise that fails and that nobody waits for would end the real program, so it ends this one.
  const stray: string[] = [];
  process.on('unhandledRejection', (reason) => {
    stray.push(describeCause(reason));
  });
  const play = async (seed: number, log: boolean): Promise<Run> => {
    stray.length = 0;
    const run = await runScene(makeScene(seed), { log });
    if (stray.length > 0) {
      const text = `A promise failed and nobody waited for it: ${stray.join('; ')}`;
      run.violations.push({ id: 'thrown', at: 0, text });
    }
    return run;
  };
  if (options.one !== undefined) {
    const run = await play(options.one, true);
    process.stdout.write(tellStory(makeScene(options.one), run));
    return run.violations.length === 0 ? 0 : 1;
  }
  // Thousands of refusals a second: nobody reads their stacks.
  Error.stackTraceLimit = 0;
  const started = performance.now();
  const report: SeedReport = { seeds: 0, played_ms: 0, events: 0, seconds: 0, violations: [] };
  for (let seed = options.from; seed < options.from + options.count; seed += 1) {
    const run = await play(seed, false);
    report.seeds += 1;
    report.played_ms += run.playedMs;
    report.events += run.events;
    for (const { id, text } of run.violations.slice(0, 1)) {
      report.violations.push({ seed, rule: id, text });
    }
    if (report.violations.length > 0 && !options.keepGoing) break;
    if (!options.json && report.seeds % 100 === 0) progress(report, started);
  }
  report.seconds = (performance.now() - started) / 1000;
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else await conclude(report);
  return report.violations.length === 0 ? 0 : 1;
}

function progress({ seeds }: SeedReport, started: number): void {
  const perSecond = seeds / ((performance.now() - started) / 1000);
  process.stderr.write(`${seeds} seeds, ${perSecond.toFixed(0)} per second\n`);
}

async function conclude({
  seeds,
  played_ms,
  events,
  seconds,
  violations,
}: SeedReport): Promise<void> {
  const hours = (played_ms / 3_600_000).toFixed(0);
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
