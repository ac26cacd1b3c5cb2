import type { Command } from 'commander';
import { BackoutError } from '../../src/model/error.ts';
import { reportObservations } from '../../src/operations/report-observed.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { renderObserved } from '../render/observed.ts';

interface ReportOptions extends GlobalOptions {
  days: string;
}

const DAY_MS = 86_400_000;
/** The journal lists 200 incidents: a longer report would miss the older ones. */
const MOST_DAYS = 60;

export function addObserve(program: Command, run: Runner): void {
  const observe = program.command('observe').description('what automation would have done');
  observe
    .command('report')
    .description('by rule: how often it would have acted, and how often nobody else saw trouble')
    .option('--days <number>', 'how many days back', '14')
    .action(run(report));
}

async function report(options: ReportOptions) {
  const days = readDays(options.days);
  return await withService(
    options,
    { need: 'record', lookOnly: true },
    async ({ service, out }) => {
      const found = await reportObservations(service.ports, days * DAY_MS);
      out.result(found, renderObserved(found, days));
      return EXIT.done;
    },
  );
}

function readDays(given: string): number {
  const days = Number(given);
  if (/^\d+$/.test(given) && days >= 1 && days <= MOST_DAYS) return days;
  throw new BackoutError({
    code: 'E_USAGE',
    kind: 'usage',
    message: `--days ${JSON.stringify(given.slice(0, 40))} is no number of days.`,
    remedy: `Give a whole number from 1 to ${MOST_DAYS}.`,
  });
}
