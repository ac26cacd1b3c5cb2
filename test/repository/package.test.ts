import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';

const root = resolve(import.meta.dirname, '../..');
const limit = { encoding: 'utf8', timeout: 60_000 } as const;

/** A folder with a project in it that has the package, and only what it says it depends on. */
let project: string;
let installed: string;
let contents: string[];

beforeAll(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'backout-package-')));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', project], { ...limit, cwd: root });
  const [tarball = ''] = await readdir(project);
  contents = execFileSync('tar', ['-tzf', tarball], { ...limit, cwd: project })
    .trim()
    .split('\n');
  installed = join(project, 'node_modules/backout');
  await mkdir(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(project, tarball), '--strip-components=1'], {
    ...limit,
    cwd: installed,
  });
  for (const dependency of await productionDependencies()) {
    await mkdir(dirname(join(project, dependency)), { recursive: true });
    await symlink(join(root, dependency), join(project, dependency));
  }
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
}, 120_000);
afterAll(() => rm(project, { recursive: true, force: true }));

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ dev: z.boolean().default(false), optional: z.boolean().default(false) }),
  ),
});

/** Folders below node_modules that an installation without development tools would have. */
async function productionDependencies(): Promise<string[]> {
  const lock = lockSchema.parse(
    JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')),
  );
  return Object.entries(lock.packages)
    .filter(
      ([path, { dev, optional }]) =>
        /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev && !optional,
    )
    .map(([path]) => path);
}

/** Runs a program of the package the way a shell does: by its first line. */
function run(program: string, args: string[]) {
  const { env } = process;
  const path = [dirname(process.execPath), env['PATH'] ?? ''].join(delimiter);
  return spawnSync(program, args, { ...limit, cwd: project, env: { ...env, PATH: path } });
}

/** Runs a module of the project, and gives what it printed. */
async function runModule(name: string, code: string): Promise<string> {
  await writeFile(join(project, name), code);
  return execFileSync(process.execPath, [name], { ...limit, cwd: project });
}

test('The package has what runs, what describes it, and nothing else.', () => {
  const expected = [
    /^package\/bin\/backout\.js$/,
    /^package\/dist\/(cli|client|src|examples\/storefront)\/.*\.(js|d\.ts)$/,
    /^package\/dist\/backout\.yml$/,
    /^package\/dist\/actions\/dist\/[\w-]+\.(mjs|wasm)$/,
    /^package\/examples\/configs\/[\w-]+\.yml$/,
    /^package\/docs\/[\w-]+\.(md|json)$/,
    /^package\/(package\.json|backout\.schema\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  ];
  expect(contents.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([]);
  expect(contents).toEqual(
    expect.arrayContaining([
      'package/LICENSE',
      'package/backout.schema.json',
      'package/bin/backout.js',
      'package/dist/cli/backout.js',
      'package/dist/client/index.d.ts',
      'package/dist/client/index.js',
      'package/examples/configs/lambda-api.yml',
    ]),
  );
});

test('The program says how it is used.', () => {
  const { status, stdout, stderr } = run(join(installed, 'bin/backout.js'), ['--help']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('emergency');
});

test('The program checks a sample that came with it.', () => {
  const sample = join(installed, 'examples/configs/lambda-api.yml');
  const { status, stdout } = run(join(installed, 'bin/backout.js'), [
    '--config',
    sample,
    '--json',
    'check',
  ]);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ file: sample });
});

test('An application in TypeScript follows Backout through the client.', async () => {
  await writeFile(
    join(project, 'application.ts'),
    `import { connectBackout, type ClientSnapshot } from 'backout/client';
     await using backout = await connectBackout({
       service: 'shop', environment: 'staging', instance: 'one', flagsDirectory: 'flags',
     });
     const snapshot: ClientSnapshot = backout.snapshot();
     console.log(snapshot.flag('gift_wrapping', 'as the program says'));`,
  );
  const compiler = [join(root, 'node_modules/typescript/bin/tsc'), 'application.ts'];
  const options = [
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2024,esnext.disposable,dom',
  ];
  const compiled = spawnSync(process.execPath, [...compiler, ...options, '--strict'], {
    ...limit,
    cwd: project,
  });
  expect(compiled.stdout).toBe('');
  const said = execFileSync(process.execPath, ['application.js'], { ...limit, cwd: project });
  expect(said).toBe('as the program says\n');
});

test('A program that is started by another one is found next to it.', async () => {
  const said = await runModule(
    'watched.js',
    `import { startWatched } from './node_modules/backout/dist/src/adapters/local/watched-server.js';
     import { mkdtempSync } from 'node:fs';
     const server = await startWatched({
       name: 'Server', dir: mkdtempSync('server-'), removeDir: true, variables: {},
       // Not Node: as root we start servers as nobody, who may not reach a checkout.
       steps: [['/bin/sleep', '1000']], signals: ['SIGTERM'],
     });
     const end = Date.now() + 20000;
     while (server.pid() === undefined && server.ended() === undefined && Date.now() < end)
       await new Promise((resolve) => setTimeout(resolve, 10));
     console.log(server.pid() > 0 ? 'started' : server.ended());
     await server.stop();`,
  );
  expect(said).toBe('started\n');
});

test('The drill finds the configuration of its sample service.', async () => {
  const said = await runModule(
    'drill-config.js',
    `import { writeDrillConfig } from './node_modules/backout/dist/cli/drill/drill-config.js';
     const places = { url: 'http://127.0.0.1:1', deployProgram: ['node'], stateDirectory: 'state' };
     console.log((await writeDrillConfig(places)).text);`,
  );
  expect(said).toContain('http://127.0.0.1:1');
});

test('The sample service of the drill is built, deployed and answers.', async () => {
  const said = await runModule(
    'shop.js',
    `import { execFileSync } from 'node:child_process';
     const storefront = './node_modules/backout/dist/examples/storefront';
     const { buildRepository } = await import(storefront + '/build-repository.js');
     const { startSupervisor } = await import(storefront + '/start-supervisor.js');
     const clientUrl = new URL('./node_modules/backout/dist/client/index.js', import.meta.url).href;
     const { artifacts, releases } = await buildRepository({ directory: 'shop', clientUrl });
     await using shop = await startSupervisor({ stateDirectory: 'state', artifacts, flagsDirectory: 'flags' });
     const { tag, commit } = releases[1];
     execFileSync(process.execPath,
       [storefront + '/deploy.js', 'deploy', '--state', 'state', '--tag', tag, '--commit', commit],
       { env: { BACKOUT_FENCE: '1', BACKOUT_INCIDENT: 'none' } });
     const { status } = await fetch(shop.url + '/health');
     console.log(tag, status);`,
  );
  expect(said).toBe('v1.1.0 200\n');
});
