import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type BuiltRepository,
  buildRepository,
} from '../../examples/storefront/build-repository.ts';
import { type Supervisor, startSupervisor } from '../../examples/storefront/start-supervisor.ts';

const CLIENT_URL = new URL('../../client/index.ts', import.meta.url).href;
const DEPLOY = fileURLToPath(new URL('../../examples/storefront/deploy.ts', import.meta.url));

/** A folder with the repository and the artefacts; removed at the end. */
export interface Workshop extends AsyncDisposable {
  directory: string;
  built: BuiltRepository;
}

export async function openWorkshop(): Promise<Workshop> {
  const directory = mkdtempSync(join(tmpdir(), 'storefront-'));
  const built = await buildRepository({ directory, clientUrl: CLIENT_URL });
  return {
    directory,
    built,
    async [Symbol.asyncDispose]() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Exit {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A running storefront with a state folder of its own. */
export interface Shop extends AsyncDisposable {
  supervisor: Supervisor;
  stateDirectory: string;
  flagsDirectory: string;
  deploy(tag: string, fence?: number, signal?: AbortSignal): Promise<Exit>;
  run(args: string[], env?: Record<string, string>, signal?: AbortSignal): Promise<Exit>;
  deployments(): Deployment[];
  get(path: string): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
}

interface Deployment {
  at: string;
  tag: string;
  fence: number;
  incident: string;
  pid: number;
  noop?: boolean;
}

export interface Reply {
  status: number;
  epoch: string | null;
  release: string | null;
  body: Record<string, unknown>;
}

let shops = 0;

export async function openShop(
  workshop: Workshop,
  options: { redisUrl?: string; stateDirectory?: string; service?: string } = {},
): Promise<Shop> {
  shops += 1;
  const {
    stateDirectory = join(workshop.directory, `state-${shops}`),
    redisUrl,
    service,
  } = options;
  const flagsDirectory = `${stateDirectory}-flags`;
  mkdirSync(flagsDirectory, { recursive: true });
  const supervisor = await startSupervisor({
    stateDirectory,
    artifacts: workshop.built.artifacts,
    flagsDirectory,
    ...(redisUrl === undefined ? {} : { redisUrl }),
    ...(service === undefined ? {} : { service }),
  });
  const run: Shop['run'] = (args, env = {}, signal) =>
    runDeploy([...args, '--state', stateDirectory], env, signal);
  return {
    supervisor,
    stateDirectory,
    flagsDirectory,
    run,
    deploy: (tag, fence = 1, signal) =>
      run(
        ['deploy', '--tag', tag, '--commit', commitOf(workshop, tag)],
        { BACKOUT_FENCE: String(fence), BACKOUT_INCIDENT: 'inc-1' },
        signal,
      ),
    deployments: () => readDeployments(stateDirectory),
    get: (path) => ask(supervisor.url + path, { method: 'GET' }),
    post: (path, body) =>
      ask(supervisor.url + path, { method: 'POST', body: JSON.stringify(body) }),
    [Symbol.asyncDispose]: () => supervisor.stop(),
  };
}

/** The commit of a built tag; forty zeros for a tag that was not built. */
export function commitOf({ built }: Workshop, tag: string): string {
  return built.releases.find((release) => release.tag === tag)?.commit ?? '0'.repeat(40);
}

/** Runs the deploy program. An abort of the signal kills it without a warning. */
async function runDeploy(
  args: string[],
  env: Record<string, string>,
  signal?: AbortSignal,
): Promise<Exit> {
  const child = spawn(process.execPath, [DEPLOY, ...args], { env });
  signal?.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

function readDeployments(stateDirectory: string): Deployment[] {
  const path = join(stateDirectory, 'deploys.log');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Deployment);
}

export async function ask(url: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5000) });
  return {
    status: response.status,
    epoch: response.headers.get('backout-epoch'),
    release: response.headers.get('storefront-release'),
    body: (await response.json()) as Record<string, unknown>,
  };
}
