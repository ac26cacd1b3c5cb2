/** Plays seeds. Started by scripts/simulate.ts, and by the tests; see docs/simulator.md. */

import { parseArgs } from 'node:util';
import { MUTANTS } from '../../faults/mutants/list.ts';
import { changeModules } from './load-hooks.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    mutant: { type: 'string' },
    json: { type: 'boolean' },
    'keep-going': { type: 'boolean' },
  },
});

const mutant = MUTANTS.find(({ name }) => name === values.mutant);
if (values.mutant !== undefined && mutant === undefined) {
  process.stderr.write(
    `There is no planted bug "${values.mutant}". There are:\n${MUTANTS.map(({ name }) => `  ${name}\n`).join('')}`,
  );
  process.exit(2);
}
changeModules(mutant);
// Only now: what is imported from here on is loaded with the changes.
const { playSeeds } = await import('../play-seeds.ts');
process.exitCode = await playSeeds({
  one: values.seed === undefined ? undefined : wholeNumber(values.seed),
  from: wholeNumber(values.from ?? '1'),
  count: wholeNumber(values.seeds ?? '1000'),
  json: values.json === true,
  keepGoing: values['keep-going'] === true,
});

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`${JSON.stringify(text)} is not a whole number.\n`);
  return process.exit(2);
}
