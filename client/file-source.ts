/** Reads the flag files, never for longer than a cap. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type FlagFiles, readFlagFiles } from '../src/adapters/file/read-flag-files.ts';
import type { Scope } from '../src/model/scope.ts';

/** A local disk takes milliseconds; a network folder that takes longer than this is gone. */
const CAP_MS = 1_000;

/**
 * Returns the function that reads. While a reading hangs (a network folder whose server is gone),
 * no second one is started: the application has only four threads for its own files.
 */
export function openFileSource(directory: string, scope: Scope): () => Promise<FlagFiles> {
  let underWay: Promise<FlagFiles> | undefined;

  return async () => {
    if (underWay === undefined) {
      underWay = readFlagFiles(directory, scope);
      const finished = (): void => {
        underWay = undefined;
      };
      underWay.then(finished, finished);
    }
    const timer = new AbortController();
    try {
      return await Promise.race([underWay, giveUp(directory, timer.signal)]);
    } finally {
      timer.abort();
    }
  };
}

async function giveUp(directory: string, signal: AbortSignal): Promise<never> {
  await sleep(CAP_MS, undefined, { signal, ref: false });
  throw new Error(`${directory} did not answer within ${CAP_MS} ms.`);
}
