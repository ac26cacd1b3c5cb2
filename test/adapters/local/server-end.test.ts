import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { skipWithoutProc } from '../../support/unavailable.ts';
import { isAlive, until } from '../../support/until.ts';

const program = fileURLToPath(new URL('fixtures/own-servers.ts', import.meta.url));
const reportSchema = z.array(z.object({ pid: z.number(), dir: z.string(), url: z.string() }));

/** Runs own-servers until it has reported its servers. */
async function ownServers(ending: 'wait' | 'return' | 'throw') {
  const child = spawn(process.execPath, [program, ending], { stdio: ['ignore', 'pipe', 'ignore'] });
  const exit = once(child, 'exit');
  // A test that fails must not leave its servers running.
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const first: unknown[] = await once(lines, 'line', { signal: AbortSignal.timeout(25_000) });
  const servers = reportSchema.parse(JSON.parse(String(first[0])));
  expect(servers).toHaveLength(2);
  return { child, exit, servers };
}

async function expectNothingLeft(servers: z.output<typeof reportSchema>): Promise<void> {
  for (const { pid, dir } of servers) {
    await until(`process ${pid} is gone`, async () => !(await isAlive(pid)));
    await until(`${dir} is gone`, () => !existsSync(dir));
  }
}

test.each(['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'servers and directories are gone after their owner got %s',
  async (signal) => {
    const { child, exit, servers } = await ownServers('wait');
    for (const { pid } of servers) expect(await isAlive(pid)).toBe(true);
    child.kill(signal);
    await exit;
    await expectNothingLeft(servers);
  },
);

test('servers and directories are gone after their owner threw', async () => {
  const { exit, servers } = await ownServers('throw');
  expect(await exit).toEqual([1, null]);
  await expectNothingLeft(servers);
});

test('a started server keeps nobody alive: an owner that has no more to do ends by itself', async () => {
  const { exit, servers } = await ownServers('return');
  expect(await exit).toEqual([0, null]);
  await expectNothingLeft(servers);
});

test('Ctrl-C, which reaches a whole group of processes, leaves the servers to their owner', async (context) => {
  if (!existsSync('/proc/self/stat')) skipWithoutProc(context);
  const { child, exit, servers } = await ownServers('wait');
  for (const { pid } of servers) {
    // A terminal signals a process group; the servers are in another one than their owner.
    expect(await processGroup(pid)).not.toBe(await processGroup(child.pid ?? 0));
  }
  child.kill('SIGINT');
  await exit;
  await expectNothingLeft(servers);
});

/** The fifth field of /proc/PID/stat, counted after the name, which may contain spaces. */
async function processGroup(pid: number): Promise<string | undefined> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return fields[2];
}
