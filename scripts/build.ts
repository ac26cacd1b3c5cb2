/**
 * Compiles what the package runs to dist/, in the layout of the sources, so that paths between
 * files stay right. Node runs our TypeScript as it is, but refuses to below node_modules.
 *
 *   node scripts/build.ts
 */
import { spawnSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
/** Five minutes: forty times what it takes. Waiting for ever would hide a hanging compiler. */
const COMPILE_LIMIT_MS = 300_000;

await rm(dist, { recursive: true, force: true });
compile();
await copyData('examples/storefront');
await copyData('backout.yml');
await copyData('actions/dist');
console.log(`Built ${dist}`);

function compile(): void {
  const tsc = fileURLToPath(import.meta.resolve('typescript/package.json'));
  const { status, signal, error } = spawnSync(
    process.execPath,
    [resolve(tsc, '../bin/tsc'), '-p', join(root, 'tsconfig.build.json')],
    { stdio: 'inherit', timeout: COMPILE_LIMIT_MS },
  );
  if (status === 0) return;
  throw new Error(`The compiler ended with ${signal ?? `code ${status}`}.`, { cause: error });
}

/** What the drill reads besides its programs; the compiler leaves everything but TypeScript out. */
async function copyData(path: string): Promise<void> {
  await cp(join(root, path), join(dist, path), {
    recursive: true,
    filter: (from) => !['.ts', '.md'].includes(extname(from)),
  });
}
