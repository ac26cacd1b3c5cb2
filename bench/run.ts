/**
 * Runs one benchmark by name: `npm run bench -- startup`.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const name = process.argv[2] ?? '';
const file = join(import.meta.dirname, `${name}.ts`);
const exists = await access(file).then(
  () => true,
  () => false,
);
if (/^[a-z-]+$/.test(name) && name !== 'run' && exists) {
  await import(pathToFileURL(file).href);
} else {
  process.stderr.write('Name a benchmark: npm run bench -- startup\n');
  process.exitCode = 2;
}
