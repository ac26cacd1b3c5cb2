/**
 * Bundles what runs without an installation: the Actions and the functions. The results
 * are part of the repository, because nothing may be built while something burns.
 *
 *   node scripts/bundle.ts [FOLDER]
 */
import { copyFile, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '..');

/**
 * What is built from what. The Action comes in parts: it says what it is about to do before it has
 * loaded what does it. So do the functions: which stores there are, the configuration says, and what
 * it does not name is never loaded. They open them before the first event can arrive.
 *
 * No compile cache (node:module): it saved 6 of 120 ms, on the second run of a machine, for a folder
 * of code that has to be kept from everybody who could write to it.
 */
const BUNDLES = [
  { name: 'rollback', input: 'actions/rollback/index.ts', parts: true },
  { name: 'assess', input: 'actions/assess/index.ts', parts: true },
  { name: 'gate', input: 'actions/gate/index.ts', parts: true },
  { name: 'record-release', input: 'actions/record-release/index.ts', parts: true },
  { name: 'audit', input: 'actions/audit/index.ts', parts: true },
  { name: 'on-alarm', input: 'lambdas/on-alarm/handler.ts', parts: true },
  // Nothing burns when it is called: the clients of AWS are loaded where a target is there.
  { name: 'release-guard', input: 'lambdas/release-guard/handler.ts', parts: true },
  { name: 'incident-clock', input: 'lambdas/incident-clock/handler.ts', parts: true },
  { name: 'control-emergency', input: 'lambdas/control-emergency/handler.ts', parts: true },
  { name: 'runner', input: 'lambdas/runner/handler.ts', parts: true },
  { name: 'messenger', input: 'lambdas/messenger/handler.ts', parts: true },
  { name: 'journal-drain', input: 'lambdas/journal-drain/handler.ts', parts: true },
];

/** Packages that only define things: what is not used of them need not be loaded. */
const ONLY_DEFINE = /[\\/]node_modules[\\/](@actions|undici|tunnel|pg|semver|yaml|zod)[\\/]/;

const folder = join(resolve(process.argv[2] ?? root), 'actions/dist');
const written = new Set<string>();
for (const { name, input, parts } of BUNDLES) {
  await using build = await rolldown({
    input: { [name]: join(root, input) },
    cwd: root,
    platform: 'node',
    tsconfig: false,
    // The loader of PostgreSQL's parser looks for it beside itself, in the words of CommonJS.
    transform: { define: { __dirname: 'import.meta.dirname' } },
    treeshake: { moduleSideEffects: [{ test: ONLY_DEFINE, sideEffects: false }] },
  });
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].mjs',
    // Without a hash: a part that changes stays the same file for whoever reads the history.
    chunkFileNames: `${name}-[name].mjs`,
    codeSplitting: parts,
    minify: true,
  });
  for (const file of output) {
    if (file.type !== 'chunk') throw new Error(`${name} came out with ${file.fileName}.`);
    if (!parts && !file.isEntry) throw new Error(`${name} came out in more than one file.`);
    written.add(file.fileName);
    console.log(`${file.fileName}: ${Math.ceil(file.code.length / 1024)} KiB`);
  }
}
// PostgreSQL's parser, which its part loads from beside it when migrations are audited.
const parser = 'libpg-query.wasm';
const found = createRequire(import.meta.url).resolve('libpg-query');
await copyFile(join(found, '..', parser), join(folder, parser));
written.add(parser);
// A part that nothing loads any more would look as if it counted.
for (const file of await readdir(folder)) {
  if (!written.has(file)) await rm(join(folder, file));
}
