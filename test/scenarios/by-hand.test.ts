/**
 * Given that Backout can do nothing any more, a person does it with what `plan --manual` printed: a
 * real shell, redis-cli and curl, a running instance that follows, and a place that is deployed to.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { testRedisCli } from '../support/services.ts';
import { expectExit } from './support/answers.ts';
import { openGate } from './support/gate.ts';
import { openGround } from './support/ground.ts';
import {
  breakersOf,
  changesOf,
  liveOf,
  overridesOf,
  releasesOf,
  spooledOf,
} from './support/look.ts';
import { type Pasted, paste } from './support/shell.ts';
import { type Site, openSite } from './support/site.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const CLI = fileURLToPath(new URL('../../cli/backout.ts', import.meta.url));
const NASTY = `o'hara "shop" $HOME \`id\` \\n`;
const REASON = 'Orders fail; "every second" payment is `lost` ($5)';

/** Folder with redis-cli and backout, as on the PATH of the person. */
const programs = join(ground.directory, 'programs');
beforeAll(async () => {
  await testRedisCli(programs);
  const backout = `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`;
  await writeFile(join(programs, 'backout'), backout, { mode: 0o755 });
});

const planShape = z.object({
  incident: z.string(),
  live: z.string().optional(),
  release: z.object({ kind: z.string(), tag: z.string().optional() }).optional(),
  unknown: z.array(z.string()),
  steps: z.array(
    z.object({
      title: z.string(),
      why: z.string(),
      commands: z.array(z.string()),
      offers: z.object({ say: z.string(), lines: z.array(z.string()) }).optional(),
      look: z.array(z.string()),
      expect: z.string().optional(),
      notes: z.array(z.string()),
    }),
  ),
});
type Plan = z.infer<typeof planShape>;
type Step = Plan['steps'][number];

async function planOf(site: Site, args = '', ...codes: number[]): Promise<Plan> {
  const end = await site.run(`plan --manual application --json --reason '${REASON}' ${args}`, {
    variables: { DEPLOY_SECRET: CANARY },
  });
  expect(end.stdout + end.stderr).not.toContain(CANARY);
  expectExit(end, ...codes);
  return planShape.parse(end.json);
}
/** Commands for `paste`, in the shell of a person who stands somewhere else. */
async function carryOut(
  site: Site,
  commands: readonly string[],
  shell: 'sh' | 'bash' = 'sh',
): Promise<Pasted[]> {
  const path = `${programs}:${site.variables['PATH'] ?? ''}`;
  return await paste(commands, {
    shell,
    cwd: site.directory,
    variables: { ...site.variables, PATH: path, DEPLOY_SECRET: CANARY },
  });
}
const CANARY = 'canary-7f3a9c-secret';

/** Pastes a step, and sees what it promises: each part in backticks, word for word. */
async function follow(site: Site, step: Step, chosen: string[], shell?: 'sh' | 'bash') {
  // The choice before and after: the step that asks for it forgets an earlier one.
  const lines = [...chosen, ...step.commands, ...chosen, ...step.look];
  const done = await carryOut(site, lines, shell);
  expect(done.filter(({ code }) => code !== 0)).toEqual([]);
  const seen = done.map(({ output }) => output).join('\n');
  const promised = [...(step.expect ?? '').matchAll(/`([^`]+)`/g)].map(([, part]) => part ?? '');
  expect([promised.filter((part) => !seen.includes(part)), seen]).toEqual([[], seen]);
  return seen;
}

/** Names that a shell would take apart, and a secret that a program needs. */
function withSecrets(config: string): string {
  return config
    .replace(/deploy: (\[.*\])/, (_all, list: string) => {
      const words = z.array(z.string()).parse(JSON.parse(list));
      const more = JSON.stringify([...words, `${NASTY}{tag}`, "it's\there"]);
      return `deploy: ${more}\n    cwd: "it's here"\n    env: { DEPLOY_TOKEN: 'env:DEPLOY_SECRET' }`;
    })
    .replace(
      'url: /health,',
      "url: /health, headers: { x-what: \"it's $5\", authorization: 'env:DEPLOY_SECRET' },",
    );
}

const isAfterwards = ({ title }: Step): boolean => title.startsWith('When ');

async function expectSafe(site: Site): Promise<void> {
  await waitFor('the running instance is safe', () => {
    const snapshot = site.instance().snapshot();
    return (
      snapshot.safeState &&
      !snapshot.flag('community', true) &&
      snapshot.flag('rate_limit', false) &&
      !snapshot.allows('stripe') &&
      !snapshot.allows('twilio')
    );
  });
  const snapshot = site.instance().snapshot();
  expect(snapshot.breaker('stripe').state).toBe('open');
  expect(snapshot.breaker('twilio').state).toBe('open');
  // It is the safe state that holds them, and nothing else is touched.
  expect(snapshot.flag('checkout', false)).toBe(true);
}

/** When Backout is back: its own commands take over what was done by hand. */
async function comeBack(site: Site, plan: Plan, chosen: string[], bad: string): Promise<void> {
  const [tell, recover] = plan.steps.filter(isAfterwards);
  if (tell === undefined || recover === undefined)
    throw new Error('Nothing is said of afterwards.');
  const told = await follow(site, tell, chosen);
  expect(told).toContain('intact');
  const records = await releasesOf(site);
  const held = await site.ground.postgres.pool.query(
    'select tag from backout.release where service = $1 and hold_reason is not null',
    [site.service],
  );
  expect(held.rows).toEqual([{ tag: bad }]);
  const newest = records.toSorted((a, b) => (a.deployedAt < b.deployedAt ? 1 : -1))[0];
  expect(newest?.tag).toBe(await liveOf(site));
  await follow(site, recover, []);
  const last = await carryOut(site, [
    `backout flags lift --incident ${plan.incident} --by Maria --config backout.yml`,
    `backout incident close ${plan.incident} --reason 'It is well again' --config backout.yml`,
    `backout incident show ${plan.incident} --json --config backout.yml`,
  ]);
  expect(last.filter(({ code }) => code !== 0)).toEqual([]);
  const closed = z.object({
    incident: z.object({ status: z.literal('closed') }),
    chain: z.object({ intact: z.literal(true) }),
  });
  expect(closed.safeParse(JSON.parse(last[2]?.output ?? '')).success).toBe(true);
  await waitFor('the safe state is off', () => !site.instance().snapshot().safeState);
  expect(site.instance().snapshot().allows('stripe')).toBe(true);
}

describe.each(['shut', 'hung'] as const)('given a journal database that is %s', (state) => {
  test.each(['sh', 'bash'] as const)(
    'a person with %s makes safe, deploys a release that they chose, and Backout takes over later',
    async (shell) => {
      await using gate = await openGate(ground.database.url, state);
      await using site = await openSite(ground, {
        journalUrl: gate.url,
        folder: NASTY,
        edit: withSecrets,
      });
      await mkdir(join(site.directory, "it's here"));
      const plan = await planOf(site, '', 3);
      expect(plan.live).toBe('v1.2.0');
      expect(plan.release?.kind).toBe('choose');
      expect(plan.unknown.join(' ')).toContain('Which releases are good or held');
      // Nothing is written by looking.
      expect(await overridesOf(site)).toEqual({});
      expect(await spooledOf(site)).toEqual([]);

      const choice = plan.steps.find(({ title }) => title.includes('choose'))?.offers?.lines ?? [];
      expect(choice).toHaveLength(2);
      const chosen = choice.filter((line) => line.includes('v1.1.0'));
      expect(chosen).toHaveLength(1);
      for (const step of plan.steps.filter((one) => !isAfterwards(one))) {
        await follow(site, step, chosen, shell);
      }
      await expectSafe(site);
      expect(await liveOf(site)).toBe('v1.1.0');
      const words: unknown = JSON.parse(await readFile(join(site.state, 'words.json'), 'utf8'));
      expect(words).toEqual({ words: [`${NASTY}v1.1.0`, "it's\there"], token: CANARY });
      expect(Object.keys(await overridesOf(site))).toEqual([`${plan.incident}.json`]);

      gate.set('open');
      await comeBack(site, plan, chosen, 'v1.2.0');
    },
  );

  test('a release that was named is filled in, and marked as not proven', async () => {
    await using gate = await openGate(ground.database.url, state);
    await using site = await openSite(ground, { journalUrl: gate.url });
    const plan = await planOf(site, '--to v1.0.0', 3);
    expect(plan.release).toMatchObject({ kind: 'named', tag: 'v1.0.0' });
    expect(JSON.stringify(plan.steps)).toContain('NOT PROVEN');
    for (const step of plan.steps.filter((one) => !isAfterwards(one))) await follow(site, step, []);
    await expectSafe(site);
    expect(await liveOf(site)).toBe('v1.0.0');
  });
});

test('with the stores readable, the last known good is filled in, and nothing has to be chosen', async () => {
  await using site = await openSite(ground);
  const plan = await planOf(site, '', 0);
  expect([plan.release?.kind, plan.release?.tag, plan.unknown]).toEqual([
    'known-good',
    'v1.1.0',
    [],
  ]);
  expect(JSON.stringify(plan)).not.toContain('NOT PROVEN');
  for (const step of plan.steps.filter((one) => !isAfterwards(one))) await follow(site, step, []);
  await expectSafe(site);
  expect(await liveOf(site)).toBe('v1.1.0');
  await comeBack(site, plan, [], 'v1.2.0');
});

test('with the journal and Redis hanging it is there within seconds, and is a script without errors', async () => {
  await using journal = await openGate(ground.database.url, 'hung');
  await using redis = await openGate(ground.redis.url, 'hung');
  await using site = await openSite(ground, { journalUrl: journal.url, redisUrl: redis.url });
  const end = await site.run(`plan --manual application --reason '${REASON}'`);
  expectExit(end, 3);
  expect(end.ms).toBeLessThan(15_000);
  expect(end.stdout).toContain('NOT KNOWN FROM HERE: Which releases are good or held');
  expect(end.stdout).toContain('NOT PROVEN');
  expect(await overridesOf(site)).toEqual({});

  // Pasted as a whole, with nothing chosen: it makes safe, and deploys nothing.
  const beforeAfterwards = end.stdout.split(/# \d+\. When Backout/)[0] ?? '';
  expect(beforeAfterwards).not.toBe(end.stdout);
  redis.set('open');
  const [pasted] = await carryOut(site, [beforeAfterwards]);
  expect(pasted?.output).toContain('choose a release first');
  expect(pasted?.output).not.toMatch(/syntax error|not found/i);
  await expectSafe(site);
  expect(await changesOf(site)).toEqual([]);
  expect(await liveOf(site)).toBe('v1.2.0');
});

test('a breaker that a person holds open stays so, and what is pasted twice is done once', async () => {
  await using site = await openSite(ground);
  expectExit(await site.run("breakers trip stripe --isolate --reason 'It charges twice'"), 0);
  const plan = await planOf(site, '', 0);
  const safe = plan.steps.slice(0, 2).flatMap(({ commands }) => commands);
  const [put = ''] = safe;
  await carryOut(site, safe);
  const before = await overridesOf(site);
  const [again] = await carryOut(site, [put]);
  expect(again?.output).toContain('File exists');
  expect(await overridesOf(site)).toEqual(before);
  expect((await breakersOf(site)).states).toEqual({ stripe: 'isolated', twilio: 'open' });
});

test('in an incident whose safe state is on already, that one is gone on with', async () => {
  await using site = await openSite(ground);
  expectExit(await site.run(`emergency --incident night-1 --reason '${REASON}'`), 0);
  const plan = await planOf(site, '', 0);
  expect(plan.incident).toBe('night-1');
  expect(plan.steps[0]?.commands).toEqual([]);
  for (const step of plan.steps.filter((one) => !isAfterwards(one))) await follow(site, step, []);
  expect(Object.keys(await overridesOf(site))).toEqual(['night-1.json']);
  expect(await liveOf(site)).toBe('v1.1.0');
  await comeBack(site, plan, [], 'v1.2.0');
});

test('in an empty Redis the breakers open too, under a new generation', async () => {
  await using site = await openSite(ground);
  const plan = await planOf(site, '', 0);
  const before = site.instance().snapshot().epoch?.generation;
  await ground.redisClient.flushdb();
  const [, breakers] = plan.steps;
  if (breakers === undefined) throw new Error('Nothing is said of breakers.');
  await follow(site, breakers, []);
  await waitFor('the instance has seen it', () => {
    const { epoch } = site.instance().snapshot();
    return epoch !== undefined && epoch.generation !== before;
  });
  expect(site.instance().snapshot().epoch?.counter).toBe(1);
  // The mirror alone makes safe: nothing was put into the files.
  await expectSafe(site);
});

test('level flags names no release, and works where no journal is configured', async () => {
  await using site = await openSite(ground, {
    edit: (config) => config.replace(/ {4}journal:.*\n/, ''),
  });
  const end = await site.run(`plan --manual flags --json --reason '${REASON}'`);
  expectExit(end, 0);
  const plan = planShape.parse(end.json);
  expect(JSON.stringify(plan)).not.toContain('v1.1.0');
  for (const step of plan.steps.filter((one) => !isAfterwards(one)).slice(0, 2)) {
    await follow(site, step, []);
  }
  await expectSafe(site);
  expect(await liveOf(site)).toBe('v1.2.0');
});
