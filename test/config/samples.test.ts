import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildJsonSchema, type SchemaNode } from '../../scripts/schema/json-schema.ts';
import { unavailableSettings } from '../../src/config/availability.ts';
import { parseConfig } from '../../src/config/load.ts';
import { isBlock } from '../../src/config/raw.ts';

const FOLDER = new URL('../../examples/configs/', import.meta.url);
const SAMPLES = (await readdir(FOLDER)).filter((name) => name.endsWith('.yml'));
const GUIDE = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

async function read(name: string): Promise<string> {
  return await readFile(new URL(name, FOLDER), 'utf8');
}

/** The schemas that may apply to a value: what a key is described by in each alternative. */
function schemasAt(nodes: SchemaNode[], key: string, siblings: Record<string, unknown>) {
  return nodes
    .flatMap((node) => [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])])
    .filter((node) => fits(node, siblings))
    .flatMap((node) => {
      const known = node.properties?.[key] ?? node.additionalProperties;
      return typeof known === 'object' ? [known] : [];
    });
}

/** False for the alternatives of another kind. */
function fits(node: SchemaNode, value: Record<string, unknown>): boolean {
  const kind = node.properties?.['kind']?.const;
  return kind === undefined || value['kind'] === undefined || kind === value['kind'];
}

/** Paths of a value that the JSON Schema does not know, or knows without saying what they are. */
function unexplained(value: unknown, nodes: SchemaNode[], path: string): string[] {
  if (Array.isArray(value)) {
    const list: unknown[] = value;
    const items = nodes
      .flatMap((node) => [node, ...(node.anyOf ?? [])])
      .flatMap((node) => node.items ?? []);
    return list.flatMap((item, at) =>
      isBlock(item) ? unexplained(item, items, `${path}[${at}]`) : [],
    );
  }
  if (!isBlock(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = `${path}.${key}`;
    const found = schemasAt(nodes, key, value);
    // A free JSON body is anything; names of one's own are described by what they name.
    if (key === 'body') return found.length > 0 ? [] : [`${here} is unknown`];
    if (found.length === 0) return [`${here} is unknown`];
    const isOwnName = nodes.some((node) => node.properties?.[key] === undefined);
    const explained = isOwnName || found.some((node) => (node.description ?? '') !== '');
    return [
      ...(explained ? [] : [`${here} has no description`]),
      ...unexplained(inner, found, here),
    ];
  });
}

/** Every key of the schema that an editor would show without help. */
function undescribed(node: SchemaNode, path: string): string[] {
  const keys = Object.entries(node.properties ?? {}).flatMap(([key, inner]) => [
    ...((inner.description ?? '') === '' ? [`${path}.${key}`] : []),
    ...undescribed(inner, `${path}.${key}`),
  ]);
  const others = [
    ...(node.anyOf ?? []),
    ...(node.oneOf ?? []),
    ...(node.items === undefined ? [] : [node.items]),
    ...(typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []),
  ];
  return [...keys, ...others.flatMap((other) => undescribed(other, `${path}[]`))];
}

test('there are four samples', () => {
  expect(SAMPLES).toEqual([
    'ec2-fleet-systemd.yml',
    'ecs-aurora-api.yml',
    'lambda-api.yml',
    'static-mobile.yml',
  ]);
});

test.each(SAMPLES)('%s is accepted, and an editor finds its schema', async (name) => {
  const text = await read(name);

  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../../backout.schema.json');
  expect(parseConfig(text, { file: name }).config.version).toBe(1);
});

test('what the function for alarms reads is not called without effect in any sample', async () => {
  const texts = await Promise.all(SAMPLES.map(read));
  const configs = texts.map((text) => parseConfig(text, { file: 'sample' }).config);
  const used = configs.flatMap(({ rules }) => Object.values(rules).flatMap((rule) => rule.alarms));
  // They do use it: otherwise this would say nothing.
  expect(used.length).toBeGreaterThan(1);
  const named = configs.flatMap((config) => unavailableSettings(config).map(({ path }) => path));
  expect(named.filter((path) => /\.(account|regions|alarms)$/.test(path))).toEqual([]);
});

test.each(SAMPLES)('every key of %s is in the JSON Schema, with a description', async (name) => {
  const raw: unknown = parse(await read(name));

  expect(unexplained(raw, [buildJsonSchema()], name)).toEqual([]);
});

test('a key that does not exist is noticed in the JSON Schema too', () => {
  const raw = {
    service: 'a',
    leese: {},
    lease: { tll: '1s' },
    targets: { a: { kind: 'ecs', unit: 'x' } },
  };

  expect(unexplained(raw, [buildJsonSchema()], 'a')).toEqual([
    'a.leese is unknown',
    'a.lease.tll is unknown',
    'a.targets.a.unit is unknown',
  ]);
});

test('every key of the JSON Schema has a description', () => {
  expect(undescribed(buildJsonSchema(), '')).toEqual([]);
});

test('the smallest useful file of the guide is accepted', () => {
  const text = /```yaml\n([^`]+)```/.exec(GUIDE)?.[1] ?? '';
  const { config } = parseConfig(text, { file: 'backout.yml' });

  expect(Object.keys(config.targets)).toEqual(['app']);
});

test('the EC2 sample is the service of the runbook', async () => {
  const { config } = parseConfig(await read('ec2-fleet-systemd.yml'), { file: 'sample' });
  const safe = Object.values(config.flags.groups).flatMap((group) =>
    Object.entries(group.flags).map(([flag, { safe: value }]) => [flag, value]),
  );

  expect(Object.keys(config.breakers.providers)).toEqual([
    'stripe',
    'square',
    'twilio_sms',
    'fcm',
    'apns',
  ]);
  expect(Object.fromEntries(safe)).toMatchObject({
    community_enabled: false,
    notifications_enabled: false,
    personalization_enabled: false,
    rate_limiting_enabled: true,
  });
  expect(config.databases['main']?.counted_tables).toEqual(['profiles', 'orders']);
});
