import { expect, test } from 'vitest';
import {
  commandService,
  type CommandServiceOptions,
} from '../../../src/adapters/command/service.ts';
import { failureOf } from '../../support/failure.ts';

const program = (script: string): string[] => [process.execPath, '-e', script];
const signal = (): AbortSignal => new AbortController().signal;

function service(options: Partial<CommandServiceOptions>) {
  return commandService({
    name: 'worker',
    restart: program(''),
    status: program(''),
    cwd: '.',
    env: {},
    timeoutMs: 500,
    ...options,
  });
}

test.each([
  ['exit code 0', program("console.log('12 workers')"), 'up', '12 workers'],
  ['exit code 0 without a word', program(''), 'up', 'its status program says so'],
  ['exit code 3', program("console.error('dead'); process.exit(3)"), 'down', 'code 3: dead'],
  ['exit code 127, as of `env`', program('process.exit(127)'), 'unknown', 'code 127'],
  ['a program that is not there', ['/nowhere/status'], 'unknown', 'could not be started'],
  [
    'a program that is killed',
    program("process.kill(process.pid, 'SIGKILL')"),
    'unknown',
    'ended by SIGKILL',
  ],
])('%s', async (_name, status, state, detail) => {
  const found = await service({ status }).status(signal());
  expect(found.state).toBe(state);
  expect(found.detail).toContain(detail);
});

test('A restart program that says no is told with its last words.', async () => {
  const restart = program("console.error('the port is taken'); process.exit(1)");
  const error = await failureOf(service({ restart }).restart(signal()));
  expect(error).toMatchObject({ code: 'E_RESTART', kind: 'uncertain' });
  expect(error.message).toContain('the port is taken');
  expect(error.state).toContain('may be down');
});

test('A restart program that does not end is ended, and nobody says that it worked.', async () => {
  const restart = program('setInterval(() => {}, 1000)');
  const error = await failureOf(service({ restart }).restart(signal()));
  expect(error).toMatchObject({ code: 'E_RESTART', kind: 'uncertain' });
});

test('A restart program that cannot be started has changed nothing.', async () => {
  const error = await failureOf(service({ restart: ['/nowhere/restart'] }).restart(signal()));
  expect(error).toMatchObject({ code: 'E_RESTART', kind: 'failed' });
});
