import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  commandCheck,
  type CommandCheckOptions,
} from '../../../src/adapters/command/command-check.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';

async function run(script: string, options: Partial<CommandCheckOptions> = {}, safeState = false) {
  const check = commandCheck({
    name: 'audit',
    stages: ['now'],
    argv: [process.execPath, '-e', script],
    cwd: '.',
    env: {},
    secrets: [],
    expect: { exit_code: 0 },
    timeoutMs: 10_000,
    clock: systemClock,
    ...options,
  });
  return await check.run({ safeState, signal: new AbortController().signal });
}

test('The exit code that is expected, and the text, are passed.', async () => {
  expect(await run('')).toMatchObject({ check: 'audit', verdict: 'passed' });
  const wanted = { exit_code: 4, stdout_contains: 'schema 12' };
  const script = "console.log('schema 12'); process.exit(4)";
  expect(await run(script, { expect: wanted })).toMatchObject({ verdict: 'passed' });
});

test('Another exit code is failed, with the last line, without secrets.', async () => {
  const script = "console.error('cannot log in as kim:hunter22'); process.exit(2)";
  const measurement = await run(script, { secrets: ['hunter22'] });
  expect(measurement).toMatchObject({ verdict: 'failed' });
  expect(measurement?.reason).toBe('Exit code 2, expected 0. It said: cannot log in as kim:***.');
});

test('Text that is only on the error output is not the text that is expected.', async () => {
  const wanted = { exit_code: 0, stdout_contains: 'ready' };
  expect(await run("console.error('ready')", { expect: wanted })).toMatchObject({
    verdict: 'failed',
  });
});

test('It sees the variables it was given, and no others.', async () => {
  const script = 'console.log(process.env.KEY, process.env.VITEST)';
  const wanted = { exit_code: 0, stdout_contains: 'given undefined' };
  expect(await run(script, { env: { KEY: 'given' }, expect: wanted })).toMatchObject({
    verdict: 'passed',
  });
});

test('Under the safe state it expects what is said there.', async () => {
  const options = { underSafeState: { expect: { exit_code: 3 } } };
  expect(await run('process.exit(3)', options, true)).toMatchObject({ verdict: 'passed' });
  expect(await run('process.exit(3)', options)).toMatchObject({ verdict: 'failed' });
  expect(await run('', { underSafeState: 'skip' }, true)).toBeUndefined();
});

test('At its cap the program and what it started are ended, and nothing of them is left.', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'backout-check-'));
  try {
    const file = join(folder, 'child');
    const child = 'setInterval(() => {}, 1000)';
    const script = `
      const { pid } = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]);
      require('node:fs').writeFileSync(${JSON.stringify(file)}, String(pid));
      setInterval(() => {}, 1000);`;
    // Longer than a loaded machine needs to start two processes.
    const measurement = await run(script, { timeoutMs: 2_000 });
    expect(measurement).toMatchObject({ verdict: 'error' });
    expect(measurement?.reason).toBe('The program did not end within 2000 ms.');
    const pid = Number(await readFile(file, 'utf8'));
    const states = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone) Z');
    expect(states.slice(states.lastIndexOf(')') + 2).charAt(0)).toBe('Z');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
