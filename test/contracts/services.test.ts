import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { commandService } from '../../src/adapters/command/service.ts';
import { memoryService } from '../../src/adapters/memory/service.ts';
import { daemon } from '../adapters/command/daemon.ts';
import { isAlive, until } from '../support/until.ts';
import { serviceContract, type ServiceUnderTest } from './services.contract.ts';

describe('A service in memory', () => {
  serviceContract(async () => {
    const service = memoryService();
    return {
      service,
      async crash() {
        service.behaviour = 'stays-down';
        await service.restart(new AbortController().signal);
        service.behaviour = 'works';
      },
      async hide() {
        service.problem = 'nobody answers';
      },
      starts: async () => service.effects.length,
      async [Symbol.asyncDispose]() {},
    };
  });
});

describe('A service that programs restart', () => {
  serviceContract(openDaemon);
});

async function openDaemon(): Promise<ServiceUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'backout-daemon-'));
  const pid = async (): Promise<number> => Number(await readFile(join(folder, 'pid'), 'utf8'));
  const service = commandService({
    name: 'worker',
    restart: daemon('restart', folder),
    status: daemon('status', folder),
    cwd: folder,
    env: {},
    timeoutMs: 20_000,
  });
  await service.restart(new AbortController().signal);
  const crash = async (): Promise<void> => {
    const running = await pid();
    process.kill(running, 'SIGKILL');
    await until('the process is gone', async () => !(await isAlive(running)));
  };
  return {
    service,
    crash,
    hide: () => writeFile(join(folder, 'trouble'), 'hang'),
    starts: async () => (await readFile(join(folder, 'starts'), 'utf8')).trim().split('\n').length,
    async [Symbol.asyncDispose]() {
      if (await isAlive(await pid())) await crash();
      await rm(folder, { recursive: true });
    },
  };
}
