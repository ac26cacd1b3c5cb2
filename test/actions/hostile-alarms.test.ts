/**
 * Alarms whose texts or whose size are meant to do harm, or simply do. An alarm must act whatever it
 * is called: what is odd about it is made harmless on the way, and never a reason to refuse.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { type RunningFunction, startFunction } from '../../cli/drill/run-function.ts';
import { runAction } from '../../cli/drill/run-action.ts';
import { openSite, type Site } from '../cli/support.ts';
import { ACCOUNT, alarmEvent, compositeEvent, REGION } from '../support/alarm-events.ts';
import { testDatabase, testRedis } from '../support/services.ts';

const resources = new AsyncDisposableStack();
let site: Site;
let alarms: RunningFunction;
const logged: string[] = [];

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const arn = `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:odd`;
  site = resources.use(
    await openSite({
      databaseUrl: database.url,
      redisUrl: redis.url,
      service: redis.name,
      edit: (config) =>
        config
          .replace('  production:\n', '  production:\n    automation: armed\n')
          .replace('rules:\n', `rules:\n  critical-errors: { alarms: [shop-any, '${arn}'] }\n`),
    }),
  );
  const variables = { ...site.env, BACKOUT_CONFIG: join(site.folder, 'backout.yml') };
  alarms = resources.use(await startFunction('on-alarm', variables, (line) => logged.push(line)));
}, 120_000);
afterAll(() => resources.disposeAsync());

const flagsSchema = z.object({
  flags: z.array(z.object({ name: z.string(), value: z.unknown(), safe: z.unknown().optional() })),
  overrides: z.array(z.object({ mode: z.string(), incident: z.string(), reason: z.string() })),
});

async function readFlags() {
  const listed = await site.call(['flags', 'list', '--json']);
  return flagsSchema.parse(JSON.parse(listed.stdout));
}

async function incidents(): Promise<string[]> {
  const listed = await site.call(['incident', 'list', '--json']);
  const schema = z.object({ incidents: z.array(z.object({ id: z.string() })) });
  return schema.parse(JSON.parse(listed.stdout)).incidents.map(({ id }) => id);
}

/** Signs that move the cursor, end a text, begin a command of a runner, or turn the text round. */
const ODD = 'a\r\nb\u0000c\u001b[2Jd\u202ee\u2066f\u200b\n::error::g';
// Line ends are for people; everything else has no business in a text.
const HARMFUL = /[^\P{Cc}\n]|\p{Cf}/u;

test('An alarm with control characters acts all the same, and they get nowhere.', async () => {
  logged.length = 0;
  const answer = await alarms.invoke(
    alarmEvent({
      name: 'odd',
      at: Date.now(),
      data: { alarmName: `odd ${ODD}` },
      state: { reason: `Threshold Crossed ${ODD}` },
    }),
  );
  expect(answer).toMatchObject({ decision: 'act', outcome: 'done' });
  expect(textsOf(answer).filter((text) => HARMFUL.test(text))).toEqual([]);
  const incident = answer.incident ?? '';
  expect(incident).toMatch(/^[\w-]+$/);

  const shown = await site.call(['incident', 'show', incident, '--json']);
  const journal = textsOf(JSON.parse(shown.stdout));
  // It is there, and nothing in it but letters.
  expect(journal.some((text) => text.includes('Threshold Crossed a'))).toBe(true);
  expect(journal.filter((text) => HARMFUL.test(text))).toEqual([]);
  const read = await site.call(['incident', 'show', incident]);
  expect(HARMFUL.test(read.stdout)).toBe(false);

  const files = [...(await site.files())].filter(([name]) => name !== 'backout.yml');
  expect(files.some(([, text]) => text.includes('Threshold Crossed a'))).toBe(true);
  expect(files.filter(([name, text]) => HARMFUL.test(name + text)).map(([name]) => name)).toEqual(
    [],
  );
  const lines = logged.join('\n').split('\n');
  expect(lines.some((line) => line.includes('odd a'))).toBe(true);
  expect(lines.filter((line) => HARMFUL.test(line) || line.startsWith('::'))).toEqual([]);
});

test('A composite of 20 alarms, sent twice, is one more look at the same: no new incident, one override.', async () => {
  const children = Array.from({ length: 20 }, (_, index) => ({
    arn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:service-${index}-5xx`,
    state: { value: 'ALARM', timestamp: new Date().toISOString() },
  }));
  const event = compositeEvent({
    name: 'shop-any',
    at: Date.now(),
    state: { reasonData: JSON.stringify({ triggeringAlarms: children }) },
  });
  const before = await incidents();
  for (const answer of [await alarms.invoke(event), await alarms.invoke(event)]) {
    expect(answer).toMatchObject({ decision: 'act', outcome: 'done', incident: before[0] });
  }
  // Which services its parts are about is not asked: one installation is one service, and nothing
  // that an event names is switched off for being named.
  expect(await incidents()).toEqual(before);
  expect((await readFlags()).overrides).toHaveLength(1);
  const shown = await site.call(['incident', 'show', before[0] ?? '', '--json']);
  expect(shown.stdout).toContain('alarm shop-any');
  expect(shown.stdout).not.toContain('service-7-5xx');
});

test('An override of more than 4 KB is stored whole, and every flag is safe.', async () => {
  // 4 KB is what a standard parameter of a cloud's parameter store holds. The embedded state is files:
  // there is nothing to refuse, but nothing may be cut either. The longest reason is 2,000 characters,
  // here of three bytes each.
  const reason = `${'€'.repeat(1_980)} orders are lost now`;
  expect(Buffer.byteLength(reason)).toBeGreaterThan(4_096);
  const directory = await mkdtemp(join(tmpdir(), 'backout-hostile-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  const { exitCode, outputs } = await runAction({
    action: 'rollback',
    inputs: { level: 'flags', reason, incident: 'large' },
    workspace: site.folder,
    directory,
    actor: 'kim',
    variables: site.env,
    log: () => undefined,
  });
  expect({ exitCode, incident: outputs['incident'] }).toEqual({ exitCode: 0, incident: 'large' });
  const { flags, overrides } = await readFlags();
  expect(overrides.find(({ incident }) => incident === 'large')).toMatchObject({
    mode: 'safe',
    reason,
  });
  const unsafe = flags.filter(({ safe, value }) => safe !== undefined && value !== safe);
  expect(unsafe).toEqual([]);
});

/** Every text in a value, keys too. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)]);
}
