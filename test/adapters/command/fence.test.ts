import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { highestFence, passFence } from '../../../src/adapters/command/fence.ts';
import { until } from '../../support/until.ts';

const PROGRAM = fileURLToPath(new URL('./programs/pass-fence.ts', import.meta.url));

interface Holder {
  child: ChildProcess;
  said: () => string[];
}

function holder(folder: string, fence: number): Holder {
  const child = spawn(process.execPath, [PROGRAM, folder, String(fence)]);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  return { child, said: () => text.trim().split('\n') };
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'backout-fence-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

describe('the fence between processes', () => {
  it('lets the highest of many through, and afterwards nobody below it', async () => {
    await using folder = await temporaryFolder();
    const holders = [3, 6, 1, 5, 2, 4].map((fence) => holder(folder.path, fence));
    await until('all are ready', () => holders.every(({ said }) => said().includes('ready')));
    await writeFile(join(folder.path, 'go'), '');
    await until('all are through', () => holders.every(({ said }) => said().length === 2));
    const answers = holders.map(({ said }) => said()[1]);
    expect(answers[1]).toBe('passed');
    expect(answers.every((answer) => answer === 'passed' || answer === 'E_FENCED')).toBe(true);
    await expect(passFence(folder.path, 'web', 5)).rejects.toMatchObject({ code: 'E_FENCED' });
    await expect(passFence(folder.path, 'web', 6)).resolves.toBeUndefined();
    expect(await readdir(join(folder.path, 'web.fence'))).toContain('6');
  });

  it('stops a holder that was asleep while another one took over', async () => {
    await using folder = await temporaryFolder();
    const sleeper = holder(folder.path, 6);
    await until('it is ready', () => sleeper.said().includes('ready'));
    sleeper.child.kill('SIGSTOP');
    await writeFile(join(folder.path, 'go'), '');
    await passFence(folder.path, 'web', 7);
    sleeper.child.kill('SIGCONT');
    await until('it has its answer', () => sleeper.said().length === 2);
    expect(sleeper.said()[1]).toBe('E_FENCED');
  });

  it('is not held up by a holder that was killed', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'go'), '');
    const killed = Array.from({ length: 6 }, () => holder(folder.path, 3));
    await Promise.all(
      killed.map(async ({ child, said }, index) => {
        await until('it has begun', () => said().includes('ready'));
        child.kill(index % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
        await until('it has ended', () => child.exitCode !== null || child.signalCode !== null);
      }),
    );
    await expect(passFence(folder.path, 'web', 4)).resolves.toBeUndefined();
    await expect(passFence(folder.path, 'web', 3)).rejects.toMatchObject({ code: 'E_FENCED' });
  });

  it('keeps targets apart, whatever their names are', async () => {
    await using folder = await temporaryFolder();
    await passFence(folder.path, 'web', 9);
    await passFence(folder.path, '../web', 2);
    await passFence(folder.path, 'web/api', 1);
    expect((await readdir(folder.path)).toSorted()).toEqual([
      '..%2Fweb.fence',
      'web%2Fapi.fence',
      'web.fence',
    ]);
    await expect(passFence(folder.path, '../web', 1)).rejects.toMatchObject({ code: 'E_FENCED' });
  });
});

describe('the highest number that came by', () => {
  it('is 0 before any did, and never made by asking', async () => {
    await using folder = await temporaryFolder();
    expect(await highestFence(folder.path, 'web')).toBe(0);
    expect(await readdir(folder.path)).toEqual([]);
    await passFence(folder.path, 'web', 9);
    await passFence(folder.path, 'web', 12);
    expect(await highestFence(folder.path, 'web')).toBe(12);
    expect(await highestFence(folder.path, 'worker')).toBe(0);
  });

  it('is not guessed where it cannot be read', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'web.fence'), 'not a folder');
    await expect(highestFence(folder.path, 'web')).rejects.toMatchObject({ code: 'E_FENCE' });
  });
});
