import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { groupsOf, providersOf, selectEnvironment } from '../../src/config/select.ts';
import { BackoutError } from '../../src/model/error.ts';

const { config } = parseConfig(
  `service: shop
environments:
  staging: { redis: { url: "env:REDIS" } }
  production: { redis: { url: "env:REDIS" }, base_url: "https://shop.example/" }
flags:
  groups:
    features: { flags: { a: { default: true, safe: false } } }
    protection: { flags: { b: { default: false, safe: true } } }
breakers:
  providers:
    sms: { recovery_order: 3 }
    stripe: { recovery_order: 1, tags: [payment] }
    square: { recovery_order: 2, tags: [payment] }
rules:
  some: { signal: health, decision: act, groups: [features], trips: [sms, "tag:payment"] }
  none: { signal: health, decision: act, groups: none, trips: none }
  one: { signal: health, decision: act, trips: [square] }
targets:
  web: { kind: command, deploy: [x], current: [x], environments: [production] }
  all: { kind: command, deploy: [x], current: [x] }
checks:
  health: { kind: http, url: /health, environments: [production] }
  whole: { kind: http, url: "https://x.example/up" }
  walk:
    kind: journey
    environments: [production]
    steps: [{ name: first, url: /first }]
`,
  { file: 'backout.yml' },
);

function rule(name: string) {
  const found = config.rules[name];
  if (found === undefined) throw new Error(`no rule ${name}`);
  return found;
}

test('an environment has only what exists in it', () => {
  expect(Object.keys(selectEnvironment(config, 'staging').targets)).toEqual(['all']);
  expect(Object.keys(selectEnvironment(config, 'production').targets)).toEqual(['web', 'all']);
});

test('paths of checks follow the base_url of the environment', () => {
  const { checks, environment } = selectEnvironment(config, 'production');

  expect(environment.name).toBe('production');
  expect(checks['health']).toMatchObject({ url: 'https://shop.example/health' });
  expect(checks['whole']).toMatchObject({ url: 'https://x.example/up' });
  expect(checks['walk']).toMatchObject({ steps: [{ url: 'https://shop.example/first' }] });
});

test.each([
  ['prodution', 'Did you mean "production"?'],
  ['constructor', 'Known: production, staging.'],
])('the unknown environment "%s" is refused with what there is', (name, remedy) => {
  expect(() => selectEnvironment(config, name)).toThrow(BackoutError);
  expect(() => selectEnvironment(config, name)).toThrow(
    expect.objectContaining({ code: 'E_ENVIRONMENT', kind: 'usage', remedy }),
  );
});

test('a rule names groups and providers, by name and by tag', () => {
  expect(groupsOf(config, rule('some'))).toEqual(['features']);
  expect(providersOf(config, rule('some'))).toEqual(['stripe', 'square', 'sms']);
  expect(groupsOf(config, rule('none'))).toEqual([]);
  expect(providersOf(config, rule('none'))).toEqual([]);
  expect(groupsOf(config, rule('one'))).toEqual(['features', 'protection']);
  expect(providersOf(config, rule('one'))).toEqual(['square']);
  expect(providersOf(config, rule('payment-failures'))).toEqual(['stripe', 'square']);
});

test('where no provider has the tag of a default rule, all breakers open', () => {
  const untagged = parseConfig(
    `service: shop
environments: { production: { redis: { url: "env:REDIS" } } }
breakers: { providers: { stripe: {}, sms: {} } }
`,
    { file: 'backout.yml' },
  ).config;

  expect(providersOf(untagged, rule('payment-failures'))).toEqual(['stripe', 'sms']);
});
