/** `npm run simulate -- --seed N | --seeds N [--from M] [--mutant NAME] [--json]` (docs/simulator.md). */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../test/simulator/programs/simulate.ts', import.meta.url));
const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
// It ends its own processes, and says how far it came; until then this one stays.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
