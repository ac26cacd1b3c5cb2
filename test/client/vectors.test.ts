import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { learn, NOTHING, type Reading } from '../../client/knowledge.ts';
import { type ClientSnapshot, takeSnapshot } from '../../client/snapshot.ts';
import { openFileFlags } from '../../src/adapters/file/flags.ts';
import { readFlagFiles } from '../../src/adapters/file/read-flag-files.ts';
import { BackoutError } from '../../src/model/error.ts';
import { type EffectiveFlag, effectiveFlags } from '../../src/model/flags.ts';

const document = z.union([
  z.strictObject({ json: z.json() }),
  z.strictObject({ text: z.string() }),
  z.strictObject({ unreadable: z.literal(true) }),
]);
const documents = z.record(z.string(), document);
const flagValue = z.union([z.boolean(), z.number(), z.string()]);
const vectorStep = z.strictObject({
  files: z.nullable(
    z.strictObject({
      base: documents.optional(),
      safe: documents.optional(),
      overrides: documents,
    }),
  ),
  redis: z.nullable(
    z.strictObject({ epoch: z.nullable(z.string()), breakers: documents, overrides: documents }),
  ),
  expect: z.strictObject({
    safe_state: z.boolean().optional(),
    flags: z.array(z.tuple([z.string(), flagValue, flagValue])).optional(),
    breakers: z.record(z.string(), z.string()).optional(),
    calls: z.array(z.tuple([z.string(), z.number(), z.boolean()])).optional(),
    acknowledge: z.string().optional(),
    digests: z.record(z.string(), z.string()).optional(),
  }),
});
const vectorFile = z.strictObject({
  about: z.string(),
  format: z.literal(1),
  defaults: z.strictObject({ base: documents, safe: documents }),
  vectors: z.array(z.strictObject({ name: z.string(), steps: z.array(vectorStep).min(1) })),
});
type Documents = z.output<typeof documents>;
type Step = z.output<typeof vectorStep>;

const path = new URL('../../docs/contract-vectors.json', import.meta.url);
const { defaults, vectors } = vectorFile.parse(JSON.parse(await readFile(path, 'utf8')));
const scope = { service: 'vectors', environment: 'test' };

/** Null: there is a document that cannot be read. */
function textsOf(stored: Documents): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(stored).map(([name, value]) => {
      if ('text' in value) return [name, value.text];
      return [name, 'json' in value ? JSON.stringify(value.json) : null];
    }),
  );
}

function readableTexts(stored: Documents): Record<string, string> {
  const texts = Object.entries(textsOf(stored));
  return Object.fromEntries(texts.map(([name, text]) => [name, text ?? '']));
}

function readingOf({ files, redis }: Step): Reading {
  return {
    ...(files === null
      ? {}
      : {
          files: {
            base: textsOf(files.base ?? defaults.base),
            safe: textsOf(files.safe ?? defaults.safe),
            overrides: textsOf(files.overrides),
          },
        }),
    ...(redis === null
      ? {}
      : {
          fastPath: {
            epoch: redis.epoch,
            breakers: readableTexts(redis.breakers),
            overrides: readableTexts(redis.overrides),
          },
        }),
  };
}

function flagOf(snapshot: ClientSnapshot, name: string, fallback: boolean | number | string) {
  if (typeof fallback === 'boolean') return snapshot.flag(name, fallback);
  return typeof fallback === 'number'
    ? snapshot.flag(name, fallback)
    : snapshot.flag(name, fallback);
}

/** What the client says about everything that the step has an expectation about. */
function answersOf(snapshot: ClientSnapshot, wanted: Step['expect']): Step['expect'] {
  const { safe_state, flags, breakers, calls, acknowledge, digests } = wanted;
  return {
    ...(safe_state === undefined ? {} : { safe_state: snapshot.safeState }),
    ...(acknowledge === undefined ? {} : { acknowledge: snapshot.describe() }),
    ...(digests && {
      digests: Object.fromEntries(
        Object.keys(digests).map((group) => [group, snapshot.digests[group] ?? 'none']),
      ),
    }),
    ...(flags && {
      flags: flags.map(([name, fallback]) => [name, fallback, flagOf(snapshot, name, fallback)]),
    }),
    ...(breakers && {
      breakers: Object.fromEntries(
        Object.keys(breakers).map((provider) => [provider, snapshot.breaker(provider).state]),
      ),
    }),
    ...(calls && {
      calls: calls.map(([provider, random]) => [
        provider,
        random,
        snapshot.allows(provider, () => random),
      ]),
    }),
  };
}

async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'backout-vectors-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Puts the files of a step on a disk; what cannot be read is a folder in the place of a file. */
async function store(directory: string, { files }: Reading): Promise<void> {
  if (files === undefined) return;
  const root = join(directory, scope.service, scope.environment);
  await rm(root, { recursive: true, force: true });
  for (const kind of ['base', 'safe', 'overrides'] as const) {
    await mkdir(join(root, kind), { recursive: true });
    for (const [name, text] of Object.entries(files[kind])) {
      if (text === null) await mkdir(join(root, kind, name));
      else await writeFile(join(root, kind, name), text);
    }
  }
}

test('there are at least forty vectors and no two of one name', () => {
  expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
  expect(vectors.length).toBeGreaterThanOrEqual(40);
});

describe.each(vectors)('$name', ({ steps }) => {
  test('the client does what the vector says', () => {
    let knowledge = NOTHING;
    for (const one of steps) {
      knowledge = learn(knowledge, readingOf(one));
      expect(answersOf(takeSnapshot(knowledge), one.expect)).toEqual(one.expect);
    }
  });

  test('so it does with real files', async () => {
    await withDirectory(async (directory) => {
      let knowledge = NOTHING;
      for (const one of steps) {
        const reading = readingOf(one);
        if (reading.files !== undefined) {
          await store(directory, reading);
          reading.files = await readFlagFiles(directory, scope);
        }
        knowledge = learn(knowledge, reading);
        expect(answersOf(takeSnapshot(knowledge), one.expect)).toEqual(one.expect);
      }
    });
  });
});

describe('the file store and the client', () => {
  const filesOnly = vectors
    .map(({ name, steps: [step] }) => ({ name, step }))
    .filter(({ step }) => step?.files && step.redis === null);

  test.each(filesOnly)('agree, or the store says that it cannot: $name', async ({ step }) => {
    const reading = step === undefined ? {} : readingOf(step);
    const snapshot = takeSnapshot(learn(NOTHING, reading));
    const stored = await withDirectory(async (directory) => {
      await store(directory, reading);
      return readStored(directory);
    });
    for (const { name, value } of stored) {
      expect([name, flagOf(snapshot, name, value)]).toEqual([name, value]);
    }
  });
});

/** Nothing when the store says that a document is corrupt. */
async function readStored(directory: string): Promise<EffectiveFlag[]> {
  try {
    return effectiveFlags(await openFileFlags({ directory, scope }).read());
  } catch (error) {
    if (error instanceof BackoutError && error.code === 'E_FLAGS_CORRUPT') return [];
    throw error;
  }
}
