import { type QueueRecord, parseQueueEvent } from '../adapters/aws/sqs-event.ts';
import { BackoutError } from '../model/error.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type SelectedConfig, selectEnvironment } from '../config/select.ts';
import { chooseEnvironment } from './choose-environment.ts';
import { findConfig } from './find-config.ts';
import { tmpdir } from 'node:os';

/** One line of the log. */
export type Log = (line: string) => void;

/** The configuration of a function, and the whole file it is from. */
export interface FunctionConfig {
  loaded: LoadedConfig;
  config: SelectedConfig;
}

/**
 * @param variables `BACKOUT_CONFIG`, `BACKOUT_ENVIRONMENT` and `LAMBDA_TASK_ROOT`, as in
 *   function-service.ts
 */
export async function functionConfig(
  variables: EnvironmentVariables,
  log: Log,
): Promise<FunctionConfig> {
  const folder = variables['LAMBDA_TASK_ROOT'] ?? tmpdir();
  const { loaded, notices } = await findConfig(
    variables['BACKOUT_CONFIG'],
    folder,
    variables,
    'use',
  );
  for (const notice of notices) log(notice);
  const environment = chooseEnvironment(loaded.config, variables['BACKOUT_ENVIRONMENT']);
  return { loaded, config: selectEnvironment(loaded.config, environment) };
}

/** Keeps what was made; asks again at the next call when making it failed. */
export function keep<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return async () => {
    made ??= make();
    try {
      return await made;
    } catch (error) {
      made = undefined;
      throw error;
    }
  };
}

/**
 * The messages of an event.
 * @throws BackoutError E_QUEUE_EVENT for anything else: whatever it was must not count as done
 */
export function requireQueueEvent(event: unknown): QueueRecord[] {
  const records = parseQueueEvent(event);
  if (records !== undefined) return records;
  throw new BackoutError({
    code: 'E_QUEUE_EVENT',
    kind: 'refused',
    message: 'This is not an event of SQS.',
    remedy: 'Call this function from its queue only (an event source mapping).',
  });
}
