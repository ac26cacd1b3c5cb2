/**
 * Bundles what runs without an installation: the Action and the function for alarms. The results
 * are part of the repository, because nothing may be built while something burns.
 *
 *   node scripts/bundle.ts [FOLDER]
 */
import { resolve } from 'node:path';
import { type InputOptions, type OutputOptions, rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '..');
const dist = resolve(process.argv[2] ?? root, 'actions/dist');

/** Packages that only define things: what is not used of them need not be loaded. */
const ONLY_DEFINE = /[\\/]node_modules[\\/](@actions|undici|tunnel|pg|semver|yaml|zod)[\\/]/;

/** The clients of AWS, what they consist of, and our adapters over them. */
const AWS =
  /[\\/]node_modules[\\/](@aws|@aws-crypto|@aws-sdk|@smithy|bowser|tslib)[\\/]|[\\/]src[\\/]adapters[\\/]aws[\\/](?!alarm-event)|[\\/]build-aws-targets\.ts$/;

async function bundle(
  input: string,
  output: OutputOptions,
  more: InputOptions = {},
): Promise<string[]> {
  await using build = await rolldown({
    input: resolve(root, input),
    cwd: root,
    platform: 'node',
    tsconfig: false,
    treeshake: { moduleSideEffects: [{ test: ONLY_DEFINE, sideEffects: false }] },
    ...more,
  });
  const written = await build.write({ format: 'esm', minify: true, ...output });
  for (const file of written.output) {
    if (file.type !== 'chunk') throw new Error(`${file.fileName} is no code.`);
    console.log(`${file.fileName}: ${Math.ceil(file.code.length / 1024)} KiB`);
  }
  return written.output.map(({ fileName }) => fileName);
}

// One file: it is uploaded as a function, and no part of it can be missing.
const alarm = await bundle('lambdas/on-alarm/handler.ts', {
  file: resolve(dist, 'on-alarm.mjs'),
  codeSplitting: false,
});
if (alarm.length !== 1) throw new Error(`on-alarm came out as ${alarm.length} files.`);

// Several files, named and never by a hash: as one, the start of every Action would read half a
// megabyte of AWS clients that most never use (45 ms of 210, measured). What both need is not in
// the entry itself: it waits at its top level, and whoever imports it then would wait for ever.
await bundle(
  'actions/rollback/index.ts',
  {
    dir: dist,
    entryFileNames: 'rollback.mjs',
    chunkFileNames: 'rollback-[name].mjs',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        { name: 'aws', test: AWS, priority: 2 },
        { name: 'main', test: (id) => !/[\\/]actions[\\/]rollback[\\/]index\.ts$/.test(id) },
      ],
    },
  },
  { preserveEntrySignatures: false },
);
