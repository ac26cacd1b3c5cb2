/**
 * Bundles what runs without an installation: the Action and the function for alarms. The results
 * are part of the repository, because nothing may be built while something burns.
 *
 *   node scripts/bundle.ts [FOLDER]
 */
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '..');

/** What is built from what, relative to the repository. One file each: no chunk can be missing. */
const BUNDLES = {
  'actions/dist/rollback.mjs': 'actions/rollback/index.ts',
  'actions/dist/on-alarm.mjs': 'lambdas/on-alarm/handler.ts',
};

/** Packages that only define things: what is not used of them need not be loaded. */
const ONLY_DEFINE = /[\\/]node_modules[\\/](@actions|undici|tunnel|pg|semver|yaml|zod)[\\/]/;

const folder = resolve(process.argv[2] ?? root);
for (const [file, input] of Object.entries(BUNDLES)) {
  await using build = await rolldown({
    input: join(root, input),
    cwd: root,
    platform: 'node',
    tsconfig: false,
    treeshake: { moduleSideEffects: [{ test: ONLY_DEFINE, sideEffects: false }] },
  });
  const { output } = await build.write({
    file: join(folder, file),
    format: 'esm',
    codeSplitting: false,
    minify: true,
  });
  if (output.length !== 1) throw new Error(`${file} came out as ${output.length} files.`);
  const [{ code }] = output;
  console.log(`${file}: ${Math.ceil(code.length / 1024)} KiB`);
}
