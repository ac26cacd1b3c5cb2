/** Kills each operation at every boundary of every change it asks for, and starts it again. */

import { changeModules } from '../../simulator/programs/load-hooks.ts';

changeModules(undefined);
const { crashEverywhere } = await import('../crash-everywhere.ts');
process.stdout.write(`${JSON.stringify(await crashEverywhere())}\n`);
