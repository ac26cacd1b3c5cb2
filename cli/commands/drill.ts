import { resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { currentUser, publishProgress, type GlobalOptions } from '../context.ts';
import { lockDrill } from '../drill/lock-drill.ts';
import { tableRows } from '../drill/report.ts';
import { runDrill } from '../drill/run-drill.ts';
import { checkFailAt, failingSteps } from '../drill/sabotage.ts';
import { drillName } from '../drill/scene.ts';
import { EXIT } from '../exit-code.ts';
import { openOutput } from '../output.ts';
import type { Runner } from '../program.ts';
import { progressView } from '../render/progress.ts';
import { table } from '../render/text.ts';
import { formatDuration } from '../render/time.ts';

interface DrillCommandOptions extends GlobalOptions {
  failAt?: string;
}

/** Where reports go, below the folder the command is run in. */
const ROOT = '.backout/drill';

export function addDrill(program: Command, run: Runner): void {
  program
    .command('drill')
    .description('break the sample service on this machine and roll it back, measured')
    .option('--fail-at <step>', 'make a step of the rollback fail, to see how that is handled')
    .addHelpText('after', () => helpOnSteps())
    .action(run(drill));
}

function helpOnSteps(): string {
  const rows = failingSteps().map(({ name, what }) => [`  ${name}`, what]);
  return `\nSteps for --fail-at, and what is broken for it:\n${table(rows)}`;
}

async function drill(options: DrillCommandOptions) {
  checkFailAt(options.failAt);
  const out = openOutput(options.json === true, process);
  using view = progressView(out, systemClock);
  const root = resolve(ROOT);
  await using _lock = await lockDrill(root);
  const report = await runDrill({
    name: drillName(systemClock.now()),
    root,
    failAt: options.failAt,
    environment: readEnvironment(),
    user: currentUser(),
    out,
    observe: publishProgress(view),
    clock: systemClock,
  });
  const verdict = report.passed ? 'DRILL PASSED' : 'DRILL FAILED';
  out.result(
    report,
    [
      '',
      table(tableRows(report)),
      '',
      `${verdict} in ${formatDuration(report.duration_ms)}`,
      `Report: ${ROOT}/report.md, ${ROOT}/report.json`,
      `Shorter than in production: ${report.shortened.length} waits, listed in the report.`,
    ].join('\n'),
  );
  return report.passed ? EXIT.done : EXIT.failed;
}
