import { MUTANTS } from '../../faults/mutants/list.ts';

type Mutant = (typeof MUTANTS)[number];

/** The planted bug of that name, if one was asked for. Ends the process when there is no such bug. */
export function findMutant(name: string | undefined): Mutant | undefined {
  const found = MUTANTS.find((mutant) => mutant.name === name);
  if (found !== undefined || name === undefined) return found;
  const names = MUTANTS.map((mutant) => `  ${mutant.name}\n`).join('');
  process.stderr.write(`There is no planted bug "${name}". There are:\n${names}`);
  return process.exit(2);
}
