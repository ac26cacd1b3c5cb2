import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

const root = resolve(import.meta.dirname, '../..');

/** A place, a line of code in it, and a part of what the linter must say about it. */
const forbidden: [file: string, code: string, complaint: string][] = [
  ['src/model/m01.ts', `export * from '../adapters/target.ts';`, 'The model is pure'],
  ['src/model/m02.ts', `export * from '../ports/target.ts';`, 'The model is pure'],
  ['src/model/m03.ts', `export * from '../../cli/target.ts';`, 'The model is pure'],
  ['src/model/m04.ts', `export * from 'node:fs';`, 'The model is pure'],
  ['src/model/m05.ts', `export * from 'zod';`, 'The model is pure'],
  ['src/model/m06.ts', `export { randomUUID } from 'node:crypto';`, 'Only for hashing'],
  ['src/model/m07.ts', `export const at = Date.now();`, 'Time is passed in'],
  ['src/model/m08.ts', `export const dice = Math.random();`, 'Randomness is passed in'],
  ['src/model/m09.ts', `export const path = process.env['PATH'];`, 'entry points read it'],
  ['src/model/m10.ts', `export const id = crypto.randomUUID();`, 'Randomness is passed in'],
  ['src/ports/p01.ts', `export * from '../adapters/target.ts';`, 'the model and other ports only'],
  [
    'src/ports/p02.ts',
    `export * from '../operations/target.ts';`,
    'the model and other ports only',
  ],
  ['src/ports/p03.ts', `export * from '../wiring/target.ts';`, 'the model and other ports only'],
  ['src/ports/p04.ts', `export * from 'pg';`, 'the model and other ports only'],
  ['src/ports/p05.ts', `export const later = setTimeout;`, 'Time is passed in'],
  ['src/operations/o01.ts', `export * from '../adapters/target.ts';`, 'Operations take ports'],
  ['src/operations/o02.ts', `export * from '../config/target.ts';`, 'Operations take ports'],
  ['src/operations/o03.ts', `export * from '../wiring/target.ts';`, 'Operations take ports'],
  [
    'src/operations/checks/o04.ts',
    `export * from '../../adapters/target.ts';`,
    'Operations take ports',
  ],
  ['src/operations/o05.ts', `export * from '../../lambdas/target.ts';`, 'Operations take ports'],
  ['src/operations/o06.ts', `export * from '../../client/target.ts';`, 'Operations take ports'],
  ['src/operations/o07.ts', `export * from 'node:fs/promises';`, 'no I/O of their own'],
  ['src/operations/o08.ts', `export * from 'pg';`, 'no I/O of their own'],
  ['src/operations/o09.ts', `export { exec } from 'node:child_process';`, 'no I/O of their own'],
  ['src/operations/o10.ts', `export const wait = setTimeout;`, 'Time is passed in'],
  ['src/operations/o11.ts', `export const at = Date.now();`, 'Time is passed in'],
  ['src/operations/o12.ts', `export const end = AbortSignal.timeout(1);`, 'Time is passed in'],
  ['src/operations/o13.ts', `export const at = performance.now();`, 'Time is passed in'],
  ['src/operations/o14.ts', `export const path = process.env['PATH'];`, 'entry points read it'],
  ['src/operations/o15.ts', `export const get = fetch;`, 'Use a port'],
  ['src/operations/o16.ts', `export type * from '../adapters/target.ts';`, 'Operations take ports'],
  ['src/adapters/a01.ts', `export * from '../operations/target.ts';`, 'Adapters import ports'],
  ['src/adapters/file/a02.ts', `export * from '../../wiring/target.ts';`, 'Adapters import ports'],
  [
    'src/adapters/file/a03.ts',
    `export * from '../../../client/target.ts';`,
    'Adapters import ports',
  ],
  [
    'src/adapters/file/a04.ts',
    `export * from '../../../actions/target.ts';`,
    'Adapters import ports',
  ],
  ['src/adapters/a05.ts', `export { thing } from '../config/target.ts';`, 'only types'],
  ['src/adapters/a06.ts', `export const path = process.env['PATH'];`, 'reads the environment'],
  ['src/adapters/a07.ts', `export const { env } = process;`, 'reads the environment'],
  ['src/adapters/a08.ts', `export { env } from 'node:process';`, 'its use is checked'],
  ['src/adapters/a09.ts', `export { exec } from 'node:child_process';`, 'never through a shell'],
  ['src/adapters/a10.ts', `export { execFile } from 'child_process';`, 'node:child_process'],
  ['src/config/c01.ts', `export * from '../adapters/target.ts';`, 'the model only'],
  ['src/config/sections/c02.ts', `export * from '../../operations/target.ts';`, 'the model only'],
  ['src/config/c03.ts', `export * from '../wiring/target.ts';`, 'the model only'],
  ['src/config/c04.ts', `export const path = process.env['PATH'];`, 'reads the environment'],
  ['src/config/c05.ts', `export { spawn } from 'node:child_process';`, 'starts no programs'],
  ['src/wiring/w01.ts', `export * from '../../cli/target.ts';`, 'no entry point'],
  ['src/wiring/w02.ts', `export * from '../../infra/target.ts';`, 'no entry point'],
  ['src/wiring/w03.ts', `export const path = process.env['PATH'];`, 'reads the environment'],
  ['src/wiring/w04.ts', `export { execSync } from 'node:child_process';`, 'started by adapters'],
  ['client/l01.ts', `export * from '../src/operations/target.ts';`, 'nothing that acts'],
  ['client/l02.ts', `export * from '../src/wiring/target.ts';`, 'nothing that acts'],
  ['client/l03.ts', `export * from '../cli/target.ts';`, 'nothing that acts'],
  ['client/l04.ts', `export const path = process.env['PATH'];`, 'reads the environment'],
  ['client/l05.ts', `export { exec } from 'node:child_process';`, 'starts no programs'],
  ['actions/rollback/e01.ts', `export * from '../../cli/target.ts';`, 'imports an entry point'],
  ['lambdas/on-alarm/e02.ts', `export * from '../../actions/target.ts';`, 'imports an entry point'],
  ['cli/e03.ts', `export * from '../lambdas/target.ts';`, 'imports an entry point'],
  ['cli/e04.ts', `export { exec } from 'node:child_process';`, 'never through a shell'],
  ['infra/e05.ts', `export * from '../test/target.ts';`, 'imports an entry point'],
  ['examples/shop/x01.ts', `export * from '../../src/model/target.ts';`, 'An application imports'],
  ['examples/shop/x02.ts', `export { exec } from 'node:child_process';`, 'through a shell'],
  ['scripts/s01.ts', `export * from '../src/wiring/target.ts';`, 'they do not run it'],
  ['scripts/s02.ts', `export { exec } from 'node:child_process';`, 'through a shell'],
  ['test/t01.test.ts', `export { exec } from 'node:child_process';`, 'through a shell'],
  ['src/operations/b01.ts', `async function f() {} export const g = () => { f(); };`, 'promise'],
  ['src/model/b02.ts', `export const f = (x: string | null) => x!.length;`, 'non-null'],
  ['src/model/b03.ts', `export const f = (x: string) => JSON.parse(x).y;`, 'any'],
  ['src/model/b04.ts', `export const f = (x: any) => x;`, 'any'],
  ['src/adapters/b05.ts', `export const f = () => console.log('x');`, 'console'],
  ['src/model/b06.ts', `export { b as a } from './b07.ts';`, 'ycle'],
  ['src/model/b07.ts', `import { a } from './b06.ts'; export const b = a;`, 'ycle'],
];

/** The same places, and what they may do. */
const allowed: [file: string, code: string][] = [
  ['src/model/y01.ts', `export { createHash } from 'node:crypto'; export { parse } from 'semver';`],
  ['src/ports/y02.ts', `export * from '../model/target.ts'; export * from './target.ts';`],
  [
    'src/operations/y03.ts',
    `export * from '../model/target.ts'; export * from '../ports/target.ts';`,
  ],
  [
    'src/operations/checks/y04.ts',
    `export * from '../target.ts'; export * from '../../ports/target.ts';`,
  ],
  [
    'src/adapters/file/y05.ts',
    `export * from '../target.ts'; export * from '../../ports/target.ts';`,
  ],
  ['src/adapters/file/y06.ts', `export type { Thing } from '../../config/target.ts';`],
  ['src/adapters/y07.ts', `export { spawn } from 'node:child_process'; export * from 'pg';`],
  ['src/adapters/y08.ts', `export const at = Date.now() + setTimeout.length;`],
  ['src/config/environment.ts', `export const path = process.env['PATH'];`],
  [
    'src/config/sections/y09.ts',
    `export * from '../target.ts'; export * from '../../model/target.ts';`,
  ],
  [
    'src/wiring/y10.ts',
    `export * from '../operations/target.ts'; export * from '../adapters/target.ts';`,
  ],
  [
    'client/y11.ts',
    `export * from '../src/model/target.ts'; export * from '../src/adapters/target.ts';`,
  ],
  ['cli/y12.ts', `export * from '../src/wiring/target.ts'; export * from './target.ts';`],
  ['cli/y13.ts', `export const path = process.env['PATH'];`],
  ['lambdas/on-alarm/y14.ts', `export * from '../../src/wiring/target.ts';`],
  ['examples/shop/y15.ts', `export * from '../../client/target.ts';`],
  ['scripts/y16.ts', `export * from '../cli/target.ts'; export * from '../src/config/target.ts';`],
  [
    'test/y17.test.ts',
    `export * from '../src/wiring/target.ts'; export * from '../cli/target.ts';`,
  ],
];

/** What all the lines above import, so that nothing else is wrong with them. */
const targets = ['actions', 'cli', 'client', 'infra', 'lambdas', 'test'].concat(
  ['adapters', 'config', 'model', 'operations', 'ports', 'wiring'].map((layer) => `src/${layer}`),
);

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({ filename: z.string(), message: z.string(), help: z.string().optional() }),
  ),
});

let project: string;
const complaints = new Map<string, string[]>();

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'backout-layers-'));
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) {
    await copyFile(join(root, file), join(project, file));
  }
  const target = 'export type Thing = 1; export const thing: Thing = 1;';
  const files = targets.map((folder): [string, string] => [`${folder}/target.ts`, target]);
  for (const [file, code] of [...files, ...forbidden, ...allowed]) {
    await mkdir(dirname(join(project, file)), { recursive: true });
    await writeFile(join(project, file), `${code}\n`, { flag: 'wx' });
  }
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--format', 'json'],
    { cwd: project, encoding: 'utf8', timeout: 50_000 },
  );
  if (stdout === '') throw new Error(`The linter said nothing: ${stderr}`);
  for (const { filename, message, help = '' } of reportSchema.parse(JSON.parse(stdout))
    .diagnostics) {
    complaints.set(filename, [...(complaints.get(filename) ?? []), `${message} ${help}`]);
  }
});
afterAll(() => rm(project, { recursive: true, force: true }));

describe('the linter refuses', () => {
  test.for(forbidden)('%s: %s', ([file, , complaint]) => {
    expect(complaints.get(file)?.join('\n') ?? 'nothing').toContain(complaint);
  });
});

describe('the linter accepts', () => {
  test.for(allowed)('%s: %s', ([file]) => {
    expect(complaints.get(file) ?? []).toEqual([]);
  });
});
