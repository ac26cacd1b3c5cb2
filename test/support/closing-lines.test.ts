import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { TestOutcome } from './closing-lines.ts';
import { summarise } from './closing-lines.ts';
import { readEnvironment } from '../../src/config/environment.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a fixture as a person would, and gives the exit code and the lines of the reporter. */
async function runFixture(name: string, ci: string) {
  const child = spawn(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'test/support/fixtures/vitest.config.ts',
      name,
    ],
    {
      cwd: root,
      env: { ...readEnvironment().variables, CI: ci },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code: child.exitCode, lines: output.trimEnd().split('\n') };
}

test('the very last line of a run is the plain count', async () => {
  const { code, lines } = await runFixture('passing', 'true');
  expect(lines.at(-1)).toBe('1 passed, 0 failed, 0 skipped');
  expect(code).toBe(0);
});

test('a skip without a reason fails the run everywhere and is named', async () => {
  const { code, lines } = await runFixture('silent-skip', 'false');
  expect(lines.at(-1)).toBe('1 passed, 0 failed, 1 skipped');
  expect(lines.at(-2)).toContain('silent-skip.fixture.ts > says nothing');
  expect(code).toBe(1);
});

test('a skip with reason and remedy is named, and passes on a laptop', async () => {
  const { code, lines } = await runFixture('reasoned-skip', 'false');
  expect(lines.slice(-5)).toEqual([
    'Could not run: Printing',
    '  why:    There is no printer.',
    '  remedy: Buy one.',
    '  test:   test/support/fixtures/reasoned-skip.fixture.ts > needs a printer',
    '1 passed, 0 failed, 1 skipped',
  ]);
  expect(code).toBe(0);
});

test('the same skip fails the run where CI is set', async () => {
  const { code, lines } = await runFixture('reasoned-skip', 'true');
  expect(lines).toContain('Could not run: Printing');
  expect(lines.at(-1)).toBe('1 passed, 0 failed, 1 skipped');
  expect(code).toBe(1);
});

test('tests of a missing service are failures with reason and remedy, also on a laptop', async () => {
  const { code, lines } = await runFixture('missing-service', 'false');
  expect(lines).toContain('Could not run: Tests with Redis');
  expect(lines).toContain('            sudo apt-get install -y redis-server');
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  expect(code).toBe(1);
});

test('a run in which no test ran is a failure', async () => {
  const { code, lines } = await runFixture('no-such-fixture', 'false');
  expect(lines.at(-1)).toBe('0 passed, 0 failed, 0 skipped');
  expect(code).toBe(1);
});

test('tests that could not run for the same reason are listed under it once', () => {
  const note = 'COULD NOT RUN: Printing\nWHY: No printer.\nREMEDY: Buy one.';
  const outcome = (name: string): TestOutcome => ({ name, state: 'skipped', texts: [note] });
  const { lines } = summarise([outcome('a'), outcome('b')], false);
  expect(lines.filter((line) => line.startsWith('Could not run'))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('  test:'))).toEqual([
    '  test:   a',
    '  test:   b',
  ]);
});
