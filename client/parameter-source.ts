/** The parameter store as a source of flags, read by this process or by one of its neighbours. */

import { join } from 'node:path';
import type { FlagFiles } from '../src/adapters/file/read-flag-files.ts';
import type { Scope } from '../src/model/scope.ts';
import { type SharedReader, shareReader } from './shared-reader.ts';
import { openSsmSource, type ParameterStoreOptions } from './ssm-source.ts';

export interface ParameterSourceOptions extends ParameterStoreOptions {
  scope: Scope;
  pollMs: number;
  onChange: () => void;
  onError: (error: unknown) => void;
}

export interface ParameterSource {
  /** @throws Error when the look as a whole did not work */
  read(): Promise<FlagFiles>;
  close(): Promise<void>;
}

/** A look itself takes up to 1.5 s, and its writing a little. */
const LOOK_MS = 2_000;

export function openParameterSource(options: ParameterSourceOptions): ParameterSource {
  const { scope, pollMs, shareDirectory } = options;
  const source = openSsmSource(options);
  const shared: SharedReader | undefined =
    shareDirectory === undefined
      ? undefined
      : shareReader({
          folder: join(shareDirectory, scope.service, scope.environment),
          staleMs: 2 * pollMs + LOOK_MS,
          look: source.look,
        });
  return {
    async read() {
      const { overrides, values } = await (shared ?? source).look();
      return { base: values?.base ?? {}, safe: values?.safe ?? {}, overrides };
    },
    async close() {
      await shared?.close();
      source.close();
    },
  };
}
