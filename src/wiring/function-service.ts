import { tmpdir } from 'node:os';
import { Writable } from 'node:stream';
import type { EnvironmentVariables } from '../config/environment.ts';
import { findConfig } from './find-config.ts';
import { type OpenOptions, type OpenService, openService } from './open-service.ts';

/** What one function needs of a service. */
export interface FunctionOptions extends Pick<
  OpenOptions,
  'need' | 'buildTargets' | 'buildDeployments' | 'openStores' | 'journalMode'
> {
  /** Who acts where the platform does not name the function. */
  name: string;
  variables: EnvironmentVariables;
  /** Gets one line per message, per answer and per failure. */
  log: (line: string) => void;
}

/** The service of a function: connections stay open from one call to the next. */
export interface FunctionService extends AsyncDisposable {
  /** Opens it at the first call, and at the next one again when that failed. */
  open(): Promise<OpenService>;
}

/**
 * @param options.variables `BACKOUT_CONFIG`: file to use (default: backout.yml beside the code, in
 *   `LAMBDA_TASK_ROOT`); `BACKOUT_ENVIRONMENT`: which environment (default: the only one)
 */
export function functionService(options: FunctionOptions): FunctionService {
  let opening: Promise<OpenService> | undefined;
  return {
    async open() {
      opening ??= open(options);
      try {
        return await opening;
      } catch (error) {
        // The next call tries again: what was missing may be there by then.
        opening = undefined;
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await (await opening?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

/**
 * Carries over what waits, where that is ours to do: a function may be frozen right after its answer.
 * @returns what is left, as a sentence; undefined when nothing is
 */
export async function drainNow(service: OpenService): Promise<string | undefined> {
  const { waiting, problem } = await service.drain();
  if (waiting === 0) return undefined;
  return `${waiting} journal entries wait: ${problem ?? 'the journal is away'}`;
}

async function open(options: FunctionOptions): Promise<OpenService> {
  const { need, buildTargets, buildDeployments, openStores, journalMode, name, variables, log } =
    options;
  const folder = variables['LAMBDA_TASK_ROOT'] ?? tmpdir();
  const found = await findConfig(variables['BACKOUT_CONFIG'], folder, variables, 'use');
  for (const notice of found.notices) log(notice);
  return await openService({
    loaded: found.loaded,
    file: found.file,
    environment: variables['BACKOUT_ENVIRONMENT'],
    need,
    buildTargets,
    ...(buildDeployments === undefined ? {} : { buildDeployments }),
    openStores,
    journalMode,
    user: variables['AWS_LAMBDA_FUNCTION_NAME'] ?? name,
    variables,
    console: new Writable({
      decodeStrings: false,
      write(chunk: unknown, _encoding, done) {
        log(String(chunk).trimEnd());
        done();
      },
    }),
    consoleSkips: [],
    observe: () => undefined,
    interrupted: new AbortController().signal,
  });
}
