import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { textOf } from './platform/json.ts';

export interface SupervisorOptions {
  /** Folder for memory, deployment log and service log; made when missing. */
  stateDirectory: string;
  /** Folder with one artefact per tag. */
  artifacts: string;
  flagsDirectory: string;
  redisUrl?: string;
  service?: string;
  environment?: string;
  /** Port of the service, free one when left out. */
  port?: number;
}

export interface Supervisor extends AsyncDisposable {
  pid: number;
  /** Address of the service: the same whatever release is live. */
  url: string;
  /** Ends the supervisor and all it started. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 20_000;

/**
 * Starts the supervisor as a child that ends when we do.
 * @throws {Error} when it is not ready within 20 s
 */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const program = `./supervisor${extname(import.meta.filename)}`;
  const { PATH = '' } = process.env;
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(program, import.meta.url)), ...argumentsOf(options)],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH,
        ...(options.redisUrl === undefined ? {} : { STOREFRONT_REDIS_URL: options.redisUrl }),
      },
    },
  );
  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), 12_000);
    await gone;
    clearTimeout(insist);
  }
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  try {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(START_LIMIT_MS)]);
    const messages: unknown[] = await once(child, 'message', { signal });
    const url = textOf(messages[0], 'url');
    // A parent with nothing left to do may end; the child notices.
    child.unref();
    child.channel?.unref();
    return { pid: child.pid ?? 0, url, stop, [Symbol.asyncDispose]: stop };
  } catch (cause) {
    await stop();
    throw new Error('The supervisor of the storefront did not start.', { cause });
  }
}

function argumentsOf(options: SupervisorOptions): string[] {
  const { stateDirectory, artifacts, flagsDirectory, port, service, environment } = options;
  const pairs: [string, string | number | undefined][] = [
    ['--state', stateDirectory],
    ['--artifacts', artifacts],
    ['--flags', flagsDirectory],
    ['--port', port],
    ['--service', service],
    ['--environment', environment],
  ];
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
}
