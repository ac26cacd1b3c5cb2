/** Plays the blocks of seeds that it is sent, one after the other; see play-in-parallel.ts. */

import { describeCause } from '../../../src/model/error.ts';
import { blockSchema } from '../seed-report.ts';
import { findMutant } from './find-mutant.ts';
import { changeModules } from './load-hooks.ts';

changeModules(findMutant(process.argv[2]));
// Only now: what is imported from here on is loaded with the changes.
const { playSeeds } = await import('../play-seeds.ts');

// The terminal sends Ctrl-C to everybody: whoever started us says it, and ends us.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(1));
process.on('message', (message) => {
  answer(message).catch((error: unknown) => {
    process.stderr.write(`${describeCause(error)}\n`);
    process.exit(1);
  });
});

async function answer(message: unknown): Promise<void> {
  process.send?.(await playSeeds(blockSchema.parse(message)));
}
