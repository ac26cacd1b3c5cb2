/** Plays seeds. Started by scripts/simulate.ts, and by the tests; see docs/simulator.md. */

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeCause } from '../../../src/model/error.ts';
import { playInParallel } from '../play-in-parallel.ts';
import type { SeedReport } from '../seed-report.ts';
import { findMutant } from './find-mutant.ts';
import { changeModules } from './load-hooks.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    mutant: { type: 'string' },
    jobs: { type: 'string' },
    json: { type: 'boolean' },
    'keep-going': { type: 'boolean' },
  },
});

/** Neither "all is well" nor "an invariant was broken". */
const NOT_PLAYED = 2;

const mutant = findMutant(values.mutant);
changeModules(mutant);
process.exitCode = await (values.seed === undefined
  ? playMany()
  : tellOne(wholeNumber(values.seed)));

async function tellOne(seed: number): Promise<number> {
  // Only now: what is imported from here on is loaded with the changes.
  const { playOne } = await import('../play-seeds.ts');
  return (await playOne(seed)) ? 0 : 1;
}

async function playMany(): Promise<number> {
  const from = wholeNumber(values.from ?? '1');
  const count = wholeNumber(values.seeds ?? '1000', 1);
  const jobs = wholeNumber(values.jobs ?? String(availableParallelism()), 1);
  const started = performance.now();
  let shown = 0;
  let report: SeedReport;
  try {
    report = await playInParallel({
      program: fileURLToPath(new URL('worker.ts', import.meta.url)),
      args: mutant === undefined ? [] : [mutant.name],
      from,
      count,
      keepGoing: values['keep-going'] === true,
      jobs,
      onProgress(seeds) {
        if (values.json === true || seeds < shown + 100) return;
        shown = seeds - (seeds % 100);
        const perSecond = seeds / ((performance.now() - started) / 1000);
        const pace = `${perSecond.toFixed(0)} per second in ${jobs} processes`;
        process.stderr.write(`${seeds} of ${count} seeds, ${pace}\n`);
      },
      signal: stopSignal(),
    });
  } catch (error) {
    process.stderr.write(`Not played to the end, so nothing is proven. ${describeCause(error)}\n`);
    return NOT_PLAYED;
  }
  if (values.json === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  else await (await import('../play-seeds.ts')).conclude(report);
  return report.violations.length === 0 ? 0 : 1;
}

function stopSignal(): AbortSignal {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => abort.abort(new Error(`it was stopped (${name})`)));
  }
  return abort.signal;
}

function wholeNumber(text: string, least = 0): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  process.stderr.write(`${JSON.stringify(text)} is not a whole number of at least ${least}.\n`);
  return process.exit(NOT_PLAYED);
}
