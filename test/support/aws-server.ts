/**
 * A real AWS API server for tests: moto, in its own Python environment in the cache folder. It
 * starts when a test file first asks for it, on a free port, and ends with the file's process.
 * What it cannot do is added by aws-proxy.ts and its neighbours.
 *
 *     beforeEach(requireAws, AWS_SETUP_MS);   // skips with reason and remedy where there is none
 *     const proxy = await startAwsProxy({ upstream: awsUrl() });
 */

import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, type TestContext } from 'vitest';
import { makeOpenDir, prepareCacheDir } from '../../src/adapters/local/cache-directory.ts';
import { withCacheLock } from '../../src/adapters/local/cache-lock.ts';
import { findOnPath } from '../../src/adapters/local/find-binaries.ts';
import { type LocalServer, startServer } from '../../src/adapters/local/local-server.ts';
import { runProgram } from '../../src/adapters/local/run-program.ts';
import type { EnvironmentVariables } from '../../src/config/environment.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { describeCause } from '../../src/model/error.ts';
import { skipBecause } from './unavailable.ts';

/**
 * moto decides what the server does, so it is exact; what it needs is left to pip, because which
 * versions fit depends on the Python. The server brings no extras of its own: `moto[server]` is
 * twice the size, for services that we do not use. ECR needs none of its own.
 */
const MOTO = '5.2.5';
const PACKAGES = [`moto[awslambda,ecs,ssm]==${MOTO}`, 'flask==3.1.3', 'flask-cors==6.0.5'];

/** Raised when what is installed changes, so that an older environment is not taken for the new. */
const LAYOUT = 1;

/** Milliseconds: pip took 9 to 15 s here; a slow line may take minutes. */
const INSTALL_LIMIT_MS = 280_000;
/** How long a first test may wait for all that; pass it to `beforeEach`. */
export const AWS_SETUP_MS = 300_000;

let starting: Promise<{ url: string; server?: LocalServer }> | undefined;
let url: string | undefined;

/** For `beforeEach`: starts the server once per test file, or skips the test saying why. */
export async function requireAws(context: TestContext): Promise<void> {
  starting ??= start();
  try {
    ({ url } = await starting);
  } catch (error) {
    skipBecause(context, {
      what: 'Tests with an AWS API server',
      reason: describeCause(error),
      remedy: [
        'Do one of these, then run the same command again:',
        '  on Debian or Ubuntu:  sudo apt-get install -y python3-venv',
        '  on a Mac:             brew install python',
        '  with a server of your own (moto, LocalStack): set AWS_ENDPOINT_URL to its address',
      ].join('\n'),
    });
  }
}

/** Where the server is. Only after {@link requireAws}. */
export function awsUrl(): string {
  if (url === undefined) throw new Error('Write beforeEach(requireAws, AWS_SETUP_MS) first.');
  return url;
}

/** A call of each service that asks for nothing much. */
const FIRST_CALLS = {
  cloudwatch: 'GraniteServiceVersion20100801.ListDashboards',
  ecr: 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories',
  ecs: 'AmazonEC2ContainerServiceV20141113.ListClusters',
  sqs: 'AmazonSQS.ListQueues',
  ssm: 'AmazonSSM.ListCommands',
};
const loading = new Map<string, Promise<unknown>>();

/**
 * moto loads a service at its first call, which takes seconds on a busy machine: longer than our
 * clients wait for an answer. This one waits.
 */
export async function loadServices(...services: (keyof typeof FIRST_CALLS)[]): Promise<void> {
  for (const service of services) {
    const first = loading.get(service) ?? load(service);
    loading.set(service, first);
    await first;
  }
}

async function load(service: keyof typeof FIRST_CALLS): Promise<void> {
  const answer = await fetch(awsUrl(), {
    method: 'POST',
    headers: { 'x-amz-target': FIRST_CALLS[service], 'content-type': 'application/x-amz-json-1.1' },
    body: '{}',
  });
  await answer.arrayBuffer();
}

afterAll(async () => {
  const started = await starting?.catch(() => undefined);
  await started?.server?.stop();
});

async function start(): Promise<{ url: string; server?: LocalServer }> {
  const { cacheDir, variables } = readEnvironment();
  const given = variables['AWS_ENDPOINT_URL'];
  if (given !== undefined && given !== '') return { url: given };
  const python = await provideMoto(cacheDir, variables);
  const server = await startServer(
    {
      name: 'moto',
      prepare: ({ port, dir }) =>
        Promise.resolve({
          variables: { HOME: dir, LC_ALL: 'C.UTF-8', TZ: 'UTC', PYTHONUNBUFFERED: '1' },
          steps: [[python, '-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)]],
          signals: ['SIGTERM'],
          asOurselves: true,
        }),
      url: ({ port }) => `http://127.0.0.1:${port}`,
      async probe({ port }) {
        const signal = AbortSignal.timeout(2_000);
        const answer = await fetch(`http://127.0.0.1:${port}/moto-api/`, { signal });
        if (!answer.ok) throw new Error(`It answered with status ${answer.status}`);
      },
    },
    {},
  );
  return { url: server.url, server };
}

/** The Python of an environment that has moto; made once, whoever asks first. */
async function provideMoto(cacheDir: string, variables: EnvironmentVariables): Promise<string> {
  const home = join(await prepareCacheDir(cacheDir), 'aws-server');
  await makeOpenDir(home);
  const place = join(home, `moto-${MOTO}-${LAYOUT}`);
  if (!(await hasMoto(place, variables))) {
    await withCacheLock(home, INSTALL_LIMIT_MS, async () => {
      // Looked at again: whoever held the lock has probably just done it.
      if (!(await hasMoto(place, variables))) await installMoto(home, place, variables);
    });
  }
  return pythonIn(place);
}

async function hasMoto(place: string, env: EnvironmentVariables): Promise<boolean> {
  const ask = ['-c', 'import moto; print(moto.__version__)'];
  const printed = await runProgram(pythonIn(place), ask, { env, timeoutMs: 20_000 }).catch(
    () => '',
  );
  return printed.trim() === MOTO;
}

async function installMoto(home: string, place: string, env: EnvironmentVariables): Promise<void> {
  const python = await findOnPath('python3', env);
  if (python === undefined) throw new Error('This machine has no python3.');
  await removeLeftovers(home);
  const temporary = await mkdtemp(join(home, 'installing-'));
  try {
    await runProgram(python, ['-m', 'venv', temporary], { env, timeoutMs: 60_000 });
    const quiet = ['--disable-pip-version-check', '--no-input', '--quiet'];
    await runProgram(pythonIn(temporary), ['-m', 'pip', 'install', ...quiet, ...PACKAGES], {
      env,
      timeoutMs: INSTALL_LIMIT_MS,
    });
    // One rename, so that an environment under its final name is complete. Its programs (pip) have
    // the old path inside; `python -m` does not need them.
    await rm(place, { recursive: true, force: true });
    await rename(temporary, place);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Of processes that were killed; an hour is longer than any installation. */
async function removeLeftovers(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.startsWith('installing-')) continue;
    const path = join(home, name);
    const changed = (await stat(path).catch(() => undefined))?.mtimeMs ?? Infinity;
    if (Date.now() - changed > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}

function pythonIn(place: string): string {
  return join(place, 'bin', 'python');
}
