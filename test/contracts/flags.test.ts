import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe } from 'vitest';
import { openFileFlags } from '../../src/adapters/file/flags.ts';
import { memoryFlags } from '../../src/adapters/memory/flags.ts';
import { parameterFixture } from '../support/aws-parameters.ts';
import { AWS_SETUP_MS, loadServices, requireAws } from '../support/aws-server.ts';
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

describe('over the wire', () => {
  beforeEach(requireAws, AWS_SETUP_MS);
  beforeEach(() => loadServices('ssm'), AWS_SETUP_MS);

  flagStoreContract('the parameter store', () => parameterFixture());
});
