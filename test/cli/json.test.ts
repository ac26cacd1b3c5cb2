import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, testRedis } from '../support/services.ts';
import { INCIDENT, STORY, WIDE } from './story.ts';
import { openSite, type Run, type Site } from './support.ts';

const story: { name: string; run: Run; exit: number }[] = [];
const resources = new AsyncDisposableStack();
let site: Site;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  site = resources.use(await openSite({ ...stores, service: redis.name }));
  for (const { args, exit, health } of STORY) {
    if (health !== undefined) site.answer(health);
    const run = await site.call([...args, '--json']);
    story.push({ name: args.join(' ').slice(0, 60), run, exit });
  }
}, 120_000);
afterAll(() => resources.disposeAsync());

/** What the n-th command of the story that begins with this gave, in this shape. */
function given<T>(shape: z.ZodType<T>, start: string, nth = 0): T {
  const { run } = story.filter(({ name }) => name.startsWith(start))[nth] ?? {};
  if (run === undefined) throw new Error(`The story has no such command: ${start}`);
  return shape.parse(JSON.parse(run.stdout));
}

test('With --json every command ends with the same exit code as without.', () => {
  expect(story.filter(({ run, exit }) => run.code !== exit)).toEqual([]);
});

test('With --json the standard output of every command is exactly one JSON document.', () => {
  const document = z.record(z.string(), z.unknown());
  const bad = story.filter(({ run }) => !document.safeParse(parse(run.stdout)).success);
  expect(bad).toEqual([]);
  expect(story.filter(({ run }) => !run.stdout.endsWith('}\n'))).toEqual([]);
});

test('An error is one document {"error"}, and nothing else is.', () => {
  for (const { run, exit } of story) {
    const isError = z
      .object({ error: z.object({ code: z.string() }) })
      .safeParse(parse(run.stdout));
    const usageOrRefused = exit === 2 || exit === 4;
    expect(isError.success).toBe(usageOrRefused);
  }
});

test('Progress goes to the standard error only.', () => {
  const rollback = story.find(({ name }) => name === 'incident resume');
  expect(rollback?.run.stderr).toMatch(/Continuing level application/);
  expect(rollback?.run.stderr).not.toContain('{');
});

test('A real process writes the same: data to the output, words to the error output.', async () => {
  const { code, stdout, stderr } = await site.run(['emergency', '--json']);
  expect(code).toBe(0);
  expect(parse(stdout)).toMatchObject({ execution: { outcome: 'done' } });
  expect(stderr).toContain('Starting level flags');
});

test('The shapes are those of docs/cli.md.', () => {
  given(
    z.looseObject({ file: z.string(), hash: sha256, unavailable: z.array(z.unknown()) }),
    'check',
  );
  const assessment = z.looseObject({
    live: z.string(),
    targets: z.array(z.looseObject({ name: z.string() })),
    candidates: z.array(z.looseObject({ tag: z.string(), colour: z.string() })),
    counts: z.object({ tags: z.number(), releases: z.number() }),
    described: z.looseObject({ live: z.array(z.looseObject({ name: z.string() })) }),
    changes: z.object({ commits: z.number(), files: z.number(), paths: z.array(z.string()) }),
    readiness: z.array(z.looseObject({ level: z.string(), state: z.string() })),
    running: z.array(z.unknown()),
    signals: z.array(z.unknown()),
    knownGood: z.looseObject({ release: z.looseObject({ tag: z.string() }) }),
    stillOff: z.looseObject({ flags: z.array(z.string()), breakers: z.array(z.string()) }),
    recommended: z.looseObject({ level: z.string(), why: z.string(), command: z.string() }),
    problems: z.array(z.string()),
  });
  expect(given(assessment, 'assess').knownGood.release.tag).toBe('v1.1.0');
  expect(given(assessment, 'assess', 1).stillOff.breakers).toEqual([
    'stripe (open)',
    'twilio_sms (open)',
  ]);
  const stage = z.looseObject({
    stage: z.literal('now'),
    verdict: z.string(),
    safe_state: z.boolean(),
    measurements: z.array(z.looseObject({ check: z.string(), verdict: z.string() })),
  });
  expect(given(stage, 'validate').verdict).toBe('passed');
  expect(given(stage, 'validate', 1).verdict).toBe('failed');
  const plan = z.looseObject({
    hash: sha256,
    level: z.string(),
    steps: z.array(z.looseObject({ id: z.string() })),
  });
  expect(given(plan, 'plan').level).toBe('application');
  const dryRun = given(
    z.looseObject({ plan, dry_run: z.literal(true) }),
    'rollback application --dry-run',
  );
  expect(dryRun.plan.hash).toBe(given(plan, 'plan').hash);
  const manual = z.looseObject({
    level: z.string(),
    incident: z.string(),
    at: z.iso.datetime(),
    unknown: z.array(z.string()).length(0),
    steps: z.array(
      z.looseObject({
        title: z.string(),
        why: z.string(),
        commands: z.array(z.string()),
        look: z.array(z.string()),
        notes: z.array(z.string()),
      }),
    ),
  });
  expect(given(manual, 'plan --manual')).toMatchObject({
    live: 'v1.2.0',
    release: { kind: 'known-good', tag: 'v1.1.0' },
  });
  expect(given(manual, 'plan --manual flags').level).toBe('flags');
  const result = z.looseObject({
    incident: z.literal(INCIDENT),
    execution: z.looseObject({ outcome: z.string(), plan, steps: z.array(z.unknown()) }),
    stages: z.array(z.unknown()),
    stillOff: z.looseObject({}),
    problems: z.array(z.string()),
  });
  expect(given(result, 'emergency').execution.outcome).toBe('done');
  expect(given(result, 'rollback application --yes').execution.outcome).toBe('failed');
  expect(given(result, 'incident resume').execution.outcome).toBe('done');
  const flags = z.looseObject({
    flags: z.array(
      z.looseObject({ name: z.string(), group: z.string(), heldBy: z.array(z.string()) }),
    ),
    overrides: z.array(z.looseObject({ mode: z.string(), incident: z.string() })),
  });
  expect(given(flags, 'flags list', 1).overrides).toMatchObject([
    { mode: 'safe', incident: INCIDENT },
  ]);
  given(
    z.looseObject({ flag: z.string(), previous: z.literal(50), value: z.literal(40) }),
    'flags set',
  );
  given(
    z.looseObject({ acknowledged: z.array(z.string()), proven: z.literal(true) }),
    'flags proof',
  );
  given(
    z.looseObject({ epoch: z.looseObject({ counter: z.int() }), states: z.looseObject({}) }),
    'breakers status',
  );
  given(
    z.looseObject({ outcome: z.literal('done'), closed: z.tuple([z.literal('stripe')]) }),
    'breakers reset stripe',
  );
  const incident = z.looseObject({ id: z.literal(INCIDENT), status: z.string() });
  const shown = z.looseObject({
    incident,
    entries: z.array(z.looseObject({ seq: z.int(), kind: z.string(), text: z.string() })),
    chain: z.looseObject({ intact: z.literal(true), head: sha256 }),
  });
  // --all is for the eye: the data always has every entry.
  expect(given(shown, 'incident show').entries.some(({ kind }) => kind === 'intent')).toBe(true);
  expect(
    given(z.looseObject({ incidents: z.array(z.unknown()) }), 'incident list', 1).incidents,
  ).toMatchObject([{ id: INCIDENT, status: 'closed' }, { rule: 'maintenance' }]);
  const maintenance = z.looseObject({
    incident: z.string(),
    execution: z.looseObject({ outcome: z.literal('done') }),
    problems: z.tuple([]),
  });
  expect(given(maintenance, 'flags test').incident).toMatch(/^maintenance-\d{6}$/);
  given(maintenance, 'services restart --yes');
  expect(given(maintenance, 'caches flush --yes').incident).toBe(INCIDENT);
  const status = z.looseObject({ name: z.literal('worker'), state: z.literal('up') });
  given(z.looseObject({ services: z.tuple([status]) }), 'services status', 1);
  given(
    z.looseObject({ incident: z.literal(INCIDENT), changed: z.literal(true) }),
    'incident close',
    1,
  );
  given(z.looseObject({ tag: z.literal('v1.0.0'), held: z.literal(true) }), 'release hold');
  const complaint = z.looseObject({
    incident: z.literal(INCIDENT),
    opened: z.literal(false),
    repeated: z.boolean(),
    stored: z.literal('journal'),
    decision: z.looseObject({
      decision: z.literal('investigate'),
      rule: z.literal('complaints'),
      count: z.literal(1),
      within_ms: z.literal(1_800_000),
      page: z.array(z.string()),
      until: z.iso.datetime(),
      reason: z.string(),
    }),
    told: z.array(z.string()).optional(),
    problems: z.tuple([]),
  });
  expect(given(complaint, 'report complaint').repeated).toBe(false);
  expect(given(complaint, 'report complaint', 1)).toMatchObject({ repeated: true });
  const assigned = z.looseObject({ incident: z.literal(INCIDENT), changed: z.boolean() });
  expect(given(assigned, 'incident assign').changed).toBe(true);
  expect(given(assigned, 'incident assign', 1).changed).toBe(false);
  expect(given(z.looseObject({ commander: z.string() }), 'incident show').commander).toBe(
    WIDE('maria'),
  );
});

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
