/** The Action, from its bundle, undoes a rollback that did not help. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAction } from '../../cli/drill/run-action.ts';
import { openSite, type Site } from '../cli/support.ts';
import { testDatabase, testRedis } from '../support/services.ts';

const resources = new AsyncDisposableStack();
let site: Site;
let directory: string;

/** The second person of this team agrees on the platform, before the job starts. */
const edit = (config: string): string =>
  config.replace('    base_url:', '    approval: { application: never }\n    base_url:');

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  site = resources.use(await openSite({ ...stores, service: redis.name, edit }));
  directory = await mkdtemp(join(tmpdir(), 'backout-forward-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
}, 60_000);
afterAll(() => resources.disposeAsync());

const REASON = 'the card provider is ill, not v1.2.0';

async function run(inputs: Record<string, string>) {
  const lines: string[] = [];
  const done = await runAction({
    action: 'rollback',
    inputs,
    workspace: site.folder,
    directory,
    actor: 'kim',
    variables: site.env,
    log: (line) => lines.push(line),
  });
  return { ...done, lines };
}

test.each([
  ['no reason', { forward: 'true' }, 'E_REASON'],
  ['a release', { forward: 'true', reason: REASON, to: 'v1.2.0' }, 'E_USAGE'],
  ['another level', { forward: 'true', reason: REASON, level: 'flags' }, 'E_USAGE'],
  ['no switch at all', { forward: 'yes', reason: REASON }, 'E_USAGE'],
  ['nothing to undo', { forward: 'true', reason: REASON }, 'E_NOTHING_TO_UNDO'],
])('With %s it is refused, and nothing is changed.', async (_, inputs, code) => {
  const { outputs, exitCode } = await run(inputs);
  expect(outputs).toMatchObject({ code, to: '' });
  expect(exitCode).toBe(1);
  expect(await site.changes()).toEqual([]);
});

test('It returns to what the rollback left, and the page says that it was on purpose.', async () => {
  site.answer(500);
  const back = await run({ level: 'application', reason: 'orders fail since noon' });
  expect(back.outputs).toMatchObject({ outcome: 'failed', to: 'v1.1.0' });
  site.answer(200);

  const planned = await run({ forward: 'true', reason: REASON, dry_run: 'true' });
  expect(planned.outputs).toMatchObject({ outcome: 'planned', from: 'v1.1.0', to: 'v1.2.0' });
  expect(planned.summary).toContain('Return from a rollback.');
  expect(JSON.parse(await site.live())).toMatchObject({ tag: 'v1.1.0' });

  const { outputs, summary, lines, exitCode } = await run({ forward: 'true', reason: REASON });
  expect({ exitCode, ...outputs }).toMatchObject({
    exitCode: 0,
    outcome: 'done',
    from: 'v1.1.0',
    to: 'v1.2.0',
    incident: back.outputs['incident'],
  });
  expect(summary).toContain('RETURNED to v1.2.0');
  expect(lines.join('\n')).toContain('undo the last rollback and return to what it left');
  expect(JSON.parse(await site.live())).toMatchObject({ tag: 'v1.2.0' });
  expect((await site.call(['release', 'gate', 'v1.2.0'])).code).toBe(0);
});
