import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import widthOf from 'string-width';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { testDatabase, testRedis } from '../support/services.ts';
import { screenOf } from './screen.ts';
import { openSite, PROGRAM, type Site, type Stores } from './support.ts';

const TERMINAL = fileURLToPath(new URL('./programs/terminal.py', import.meta.url));

const resources = new AsyncDisposableStack();
let stores: Stores;
let name: string;
let site: Site;
let sites = 0;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  stores = { databaseUrl: database.url, redisUrl: redis.url };
  ({ name } = redis);
});
beforeEach(async () => {
  sites += 1;
  site = resources.use(await openSite({ ...stores, service: `${name}-${sites}` }));
});
afterAll(() => resources.disposeAsync());

/** Runs a command on a terminal. */
async function onTerminal(args: string[], { columns = 80, answer = '' } = {}) {
  const child = spawn(
    'python3',
    [TERMINAL, String(columns), answer, process.execPath, PROGRAM, ...args],
    {
      cwd: site.folder,
      env: { ...site.env, TERM: 'xterm-256color' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [raw] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { code: child.exitCode, raw, screen: screenOf(raw) };
}

async function expectNothingChanged(): Promise<void> {
  expect(await site.changes()).toEqual([]);
  expect((await site.call(['incident', 'list', '--json'])).stdout).toContain('"incidents": []');
  expect((await site.call(['flags', 'list', '--json'])).stdout).toContain('"overrides": []');
}

test('A rollback shows its plan and asks; after "n" nothing was changed.', async () => {
  const { code, screen } = await onTerminal(['rollback', 'application'], { answer: 'n\r' });
  expect(code).toBe(4);
  const shown = screen.join('\n');
  expect(shown).toContain('v1.2.0 → v1.1.0, level application');
  expect(shown).toContain('Bring v1.1.0 to web');
  expect(shown).toContain('Start? [y/N] n');
  expect(shown).toContain('E_CONFIRM  You did not say yes.');
  await expectNothingChanged();
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
  ['Enter alone', '\r'],
  ['anything else', 'yup\r'],
])('%s is no yes either.', async (_key, answer) => {
  const { code, screen } = await onTerminal(['rollback', 'application'], { answer });
  expect(code).toBe(4);
  expect(screen.join('\n')).toContain('E_CONFIRM  You did not say yes.');
  await expectNothingChanged();
});

test('After "y" it runs; the line that moves is gone at the end, and the result stands last.', async () => {
  const { code, raw, screen } = await onTerminal(['rollback', 'application'], { answer: 'y\r' });
  expect(code).toBe(0);
  expect(await site.live()).toContain('v1.1.0');
  // It moved, with how far it is and how long it takes:
  expect(raw).toMatch(/… \d+\/10 · \d+\.\d\d s · about [^·]+ left · Validate t\+2/);
  expect(raw.split('\r\u001b[2K').length).toBeGreaterThan(10);
  // … and nothing of it is left.
  expect(screen.filter((line) => line.includes('…'))).toEqual([]);
  expect(screen.filter((line) => line.includes('✔'))).toHaveLength(10);
  expect(screen.filter((line) => widthOf(line) > 80 && line.trim().includes(' '))).toEqual([]);
  const last = screen.slice(screen.findIndex((line) => line.startsWith('ROLLED BACK to v1.1.0')));
  expect(last.join('\n')).toMatch(/\nNext: [^]*breakers reset/);
});

test('On a narrow terminal the line that moves never takes a second line.', async () => {
  const { code, raw, screen } = await onTerminal(['rollback', 'application', '--yes'], {
    columns: 40,
  });
  expect(code).toBe(0);
  const moving = raw.match(/… \d+\/10[^\r\n]*/g) ?? [];
  expect(moving.length).toBeGreaterThan(5);
  expect(moving.filter((line) => widthOf(line) > 39)).toEqual([]);
  expect(screen.filter((line) => line.startsWith('… '))).toEqual([]);
});

test('While breakers are closed again, a line says how long it still takes.', async () => {
  expect((await site.call(['emergency'])).code).toBe(0);
  const { code, raw, screen } = await onTerminal(['breakers', 'reset']);
  expect(code).toBe(0);
  expect(raw).toMatch(/… Closing one breaker after the other · about \d+(\.\d\d)? s left/);
  expect(screen.filter((line) => line.startsWith('…'))).toEqual([]);
  expect(screen).toContain('Closed:  stripe, twilio_sms');
});

test('With --json nobody is asked on a terminal either, and nothing moves.', async () => {
  const { code, raw } = await onTerminal(['rollback', 'application', '--json']);
  expect(code).toBe(2);
  expect(raw).toContain('"code": "E_CONFIRM"');
  expect(raw).not.toContain('\u001b');
  await expectNothingChanged();
});
