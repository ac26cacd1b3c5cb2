import type { Command } from 'commander';
import { unavailableSettings } from '../../src/config/availability.ts';
import { loadConfig } from '../../src/config/load.ts';
import {
  parameterProblems,
  type ReadingBudget,
  readingBudgets,
} from '../../src/config/parameter-budget.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import type { BackoutConfig } from '../../src/config/schema.ts';
import { findConfig } from '../../src/wiring/find-config.ts';
import type { GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { describeError, openOutput } from '../output.ts';
import type { Runner } from '../program.ts';
import { table, wrap } from '../render/text.ts';

export function addCheck(program: Command, run: Runner): void {
  program
    .command('check')
    .description('check backout.yml: problems, settings without effect yet, flags left alone')
    .action(run(check));
}

async function check(options: GlobalOptions) {
  const out = openOutput(options.json === true, process);
  const { variables } = readEnvironment();
  const { loaded, file, notices } = await findConfig(
    options.config,
    process.cwd(),
    variables,
    'use',
  );
  for (const notice of notices) out.line(notice);
  const { config, hash } = loaded;
  // What counts is the published file; whoever edits the one in the folder wants to know about that.
  const problem = await loadConfig(file).then(
    () => undefined,
    (error: unknown) => error,
  );
  const source = notices.length === 0 ? file : 'The published backout.yml';
  const unavailable = unavailableSettings(config);
  const untouched = flagsLeftAlone(config);
  const late = parameterProblems(config);
  const reading = readingBudgets(config);
  const text = [
    wrap(`${source} is valid: ${config.service}, ${Object.keys(config.environments).join(', ')}`),
    `Configuration ${hash.slice(0, 12)}`,
    ...(unavailable.length === 0
      ? []
      : [
          '',
          'Not available yet (operations that need them refuse):',
          table(unavailable.map(({ path, feature }) => [`  ${path}`, feature])),
        ]),
    ...(untouched.length === 0
      ? []
      : [
          '',
          'Flags that the safe state never touches:',
          table(untouched.map(({ flag, why }) => [`  ${flag}`, why])),
        ]),
    ...reading.map((one) => `\n${wrap(describeReading(one))}`),
    ...late.flatMap(({ path, message, remedy }) => ['', wrap(`${path}: ${message}`), wrap(remedy)]),
  ].join('\n');
  out.result(
    {
      file,
      hash,
      service: config.service,
      valid_here: problem === undefined,
      unavailable,
      flags_left_alone: untouched,
      too_slow: late,
      reading,
    },
    text,
  );
  if (problem === undefined) return late.length === 0 ? EXIT.done : EXIT.usage;
  out.line(`\nThe one in this folder is not valid:\n${describeError(problem)}`);
  return EXIT.usage;
}

function describeReading(budget: ReadingBudget): string {
  const { environment, hosts, wanted_seconds: wanted, actual_seconds: actual } = budget;
  const calls = `${budget.calls_per_second.toFixed(1)} of the ${budget.allowed_per_second} reads per second that AWS allows the account`;
  const who = `In ${environment} the flags of ${hosts} ${hosts === 1 ? 'host' : 'hosts'} take ${calls}`;
  return actual > wanted
    ? `${who}: they see a change after ${actual.toFixed(1)} s and not after ${wanted} s. Give them Redis, or enable higher throughput.`
    : `${who}: they see a change after ${wanted} s.`;
}

function flagsLeftAlone(config: BackoutConfig): { flag: string; why: string }[] {
  return Object.values(config.flags.groups).flatMap(({ flags }) =>
    Object.entries(flags)
      .filter(([, { safe }]) => safe === undefined)
      .map(([flag, { leave_alone: why }]) => ({ flag, why: why ?? 'no safe value' })),
  );
}
