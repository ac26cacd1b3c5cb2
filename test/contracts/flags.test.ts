import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileFlags } from '../../src/adapters/file/flags.ts';
import { memoryFlags } from '../../src/adapters/memory/flags.ts';
import { flagStoreContract } from './flags.contract.ts';

flagStoreContract('memory', async () => ({
  flags: memoryFlags(),
  async [Symbol.asyncDispose]() {},
}));

flagStoreContract('files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'backout-flags-'));
  return {
    flags: openFileFlags({ directory, scope: { service: 'shop', environment: 'test' } }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
});
