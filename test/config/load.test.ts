import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { describeProblems } from '../../src/config/problems.ts';
import { BackoutError } from '../../src/model/error.ts';
import { errorOf, HEAD } from './bad-input.ts';

const SMALLEST = 'service: shop\nenvironments: { production: {} }\n';

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** A configuration of exactly this many bytes. */
function fill(size: number): string {
  return SMALLEST + '#'.repeat(size - SMALLEST.length);
}

test('every problem of a file is named at once, in the order of the lines', () => {
  const error = errorOf(`service: shop
budget: { flags: 30s }
environments:
  production:
    automation: armd
    redis: { url: "redis://:hunter2@cache" }
breakers:
  providers:
    a: { recovery_order: 1, watch: 5 }
    b: { recovery_order: 1 }
rules:
  slow: { groups: [nowhere], automatic: database }
  slow: {}
checks:
  health: { kind: htpp }
`);

  expect(error.problems.map((problem) => problem.path)).toEqual([
    'budget',
    'environments.production.automation',
    'environments.production.redis.url',
    'breakers.providers.a.watch',
    'breakers.providers.b.recovery_order',
    'slow',
    'checks.health.kind',
  ]);
  expect(error.message).toBe('backout.yml has 7 problems.');
});

test('of a key given twice the second one is checked, as it would win', () => {
  const error = errorOf(`${HEAD}lease: { ttl: 1 }\nlease: { ttl: 2 }\n`);

  expect(error.problems.map((problem) => problem.line)).toEqual([3, 4]);
});

test('the error is a wrong usage, says that nothing was changed, and lists its problems as JSON', () => {
  const error = errorOf(`${HEAD}lease: { ttl: 30 }\n`);

  expect(error).toMatchObject({ code: 'E_CONFIG', kind: 'usage', state: 'Nothing was changed.' });
  expect(error.toJSON()).toMatchObject({
    code: 'E_CONFIG',
    file: 'backout.yml',
    problems: [{ path: 'lease.ttl', line: 3, column: 15 }],
  });
  expect(describeProblems(error)).toEqual([
    'backout.yml:3:15  lease.ttl: expected a text, found a number: 30. Write a duration with its unit, such as "30s", "10m" or "1h30m".',
  ]);
});

test('several unknown keys in one block are named one by one', () => {
  const error = errorOf(`${HEAD}lease:\n  tll: 30s\n  wiat: 1s\n  colour: red\n`);

  expect(error.problems.map(({ line, remedy }) => [line, remedy])).toEqual([
    [4, 'Did you mean "ttl"?'],
    [5, 'Did you mean "wait"?'],
    [6, 'Remove it. Known: ttl, wait.'],
  ]);
});

test('the hash is that of the exact bytes', () => {
  const withReturns = SMALLEST.replaceAll('\n', '\r\n');

  expect(parseConfig(SMALLEST, { file: 'a' }).hash).toBe(sha256(SMALLEST));
  expect(parseConfig(withReturns, { file: 'a' }).hash).toBe(sha256(withReturns));
  expect(sha256(SMALLEST)).not.toBe(sha256(withReturns));
});

test('a text and its bytes have the same hash', () => {
  const bytes = new TextEncoder().encode(`${SMALLEST}description: café\n`);
  const text = new TextDecoder().decode(bytes);

  expect(parseConfig(bytes, { file: 'a' }).hash).toBe(parseConfig(text, { file: 'a' }).hash);
});

test('an empty file says how to start', () => {
  for (const text of ['', '\n\n', '# only a comment\n']) {
    expect(errorOf(text).problems).toMatchObject([
      { line: 1, column: 1, message: 'the file is empty' },
    ]);
  }
});

test('a file that is not UTF-8 text is refused', () => {
  const [problem] = errorOf(Uint8Array.of(0x73, 0xff, 0xfe)).problems;

  expect(problem?.message).toBe('the file is not UTF-8 text');
});

test('a file of 1 MiB is read and one byte more is refused', () => {
  expect(parseConfig(fill(1_048_576), { file: 'a' }).config.service).toBe('shop');
  expect(errorOf(fill(1_048_577)).problems[0]?.message).toContain('1048577 bytes');
});

test('anchored blocks that multiply are refused before they are unfolded', () => {
  const layers = Array.from({ length: 12 }, (_, at) => {
    const below = at === 0 ? 'x' : `*l${at - 1}`;
    return `l${at}: &l${at} [${Array.from({ length: 9 }, () => below).join(', ')}]`;
  });

  const error = errorOf(`${HEAD}${layers.join('\n')}\n`);

  expect(error.problems[0]?.message).toContain('used too often');
});

test('an anchored block may be used again, and its faults are named where it is used', () => {
  const text = `${HEAD}bake: { duration: &time 10m }
clock: { updates_every: *time }
stages: { t+10: *time }
`;

  expect(parseConfig(text, { file: 'a' }).config.clock.updates_every).toBe(600_000);
  expect(errorOf(text.replace('10m', '10')).problems.map((one) => one.line)).toEqual([3, 4, 5]);
});

test('blocks nested without end are refused and not a crash', () => {
  for (const deep of [`[`.repeat(100_000), `${'['.repeat(3_000)}${']'.repeat(3_000)}`]) {
    expect(errorOf(`${HEAD}description: ${deep}\n`).problems.length).toBeGreaterThan(0);
    expect(
      errorOf(`${HEAD}checks: { a: { kind: htpp, body: ${deep} } }\n`).problems.length,
    ).toBeGreaterThan(0);
  }
});

test('a file full of names that do not exist is judged in bounded time', () => {
  const names = Array.from({ length: 6_000 }, (_, at) => `g${at}`);
  const groups = names.map((name) => `    ${name}: { flags: {} }`).join('\n');
  const text = `${HEAD}flags:\n  groups:\n${groups}\nrules: { slow: { groups: [${names.map((name) => `${name}x`).join()}] } }\n`;
  const started = performance.now();

  expect(errorOf(text).problems).toHaveLength(200);

  // About 2 s on the slowest machine we have; without bounds it was minutes.
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('at most 200 problems are listed', () => {
  const noise = Array.from({ length: 500 }, (_, at) => `key${at}: 1`).join('\n');

  expect(errorOf(`${HEAD}${noise}\n`).problems).toHaveLength(200);
});

test('a file is read with its hash, and one that is missing is a wrong usage', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'backout-config-'));
  try {
    const file = join(folder, 'backout.yml');
    await writeFile(file, SMALLEST);

    expect((await loadConfig(file)).hash).toBe(parseConfig(SMALLEST, { file }).hash);
    const missing = await loadConfig(join(folder, 'none.yml')).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(BackoutError);
    expect(missing).toMatchObject({ code: 'E_CONFIG_FILE', kind: 'usage' });
    expect(missing).toHaveProperty('cause.code', 'ENOENT');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('every kind of target that is given words may ask for what was recorded of its artefact', () => {
  const { targets } = parseConfig(
    `${HEAD}repository: { github: a/b }
targets:
  api: { kind: command, deploy: [go, '{artefact}'], current: [now] }
  fleet: { kind: ssm-command, instances: { Role: x }, deploy: [go, '{artefact}'], current: [now] }
  edge: { kind: workflow, file: deploy.yml, inputs: { digest: '{artefact}' } }
`,
    { file: 'backout.yml' },
  ).config;
  expect(Object.keys(targets)).toEqual(['api', 'fleet', 'edge']);
});
