import { expect, test } from 'vitest';
import { type Need, requireAvailable, unavailableSettings } from '../../src/config/availability.ts';
import { parseConfig } from '../../src/config/load.ts';

function parse(text: string) {
  return parseConfig(text, { file: 'backout.yml' }).config;
}

const HEAD = 'service: shop\n';
const LOCAL = 'environments: { production: { redis: { url: "env:REDIS" } } }\n';

/** Everything that can be done today, in one file. */
const BUILT = `${HEAD}environments:
  production:
    automation: armed
    account: "123456789012"
    regions: [eu-west-1]
    base_url: https://shop.example
    journal: { url: "env:JOURNAL" }
    redis: { url: "env:REDIS" }
flags:
  groups:
    features: { layout: file, flags: { a: { default: true, safe: false } } }
breakers: { providers: { stripe: { tags: [payment] } } }
rules:
  critical-errors:
    alarms: [shop-5xx]
    decision: act
    missing: act
    groups: [features]
    trips: ["tag:payment"]
    automation: observe
    automatic: flags
  own: { signal: health, decision: act, alarms: [own] }
alarms: { max_age: 10m }
guard: { every: 2m }
repository: { default_branch: trunk }
targets:
  app: { kind: command, deploy: [x], current: [x], env: { KEY: "env:KEY" } }
checks:
  health: { kind: http, url: /health, under_safe_state: skip }
  safe: { kind: flags-safe }
  cut: { kind: breakers }
  audit: { kind: command, run: [x] }
  errors: { kind: metric, signal: error_rate, expect: { below: "1%" } }
  sign-up: { kind: journey, steps: [{ name: look, url: /a }] }
metrics: { kind: http-json, url: "https://shop.example/m", signals: { error_rate: { unit: ratio, pointer: /e } } }
messages:
  channels:
    console: { kind: console }
    hook: { kind: webhook, url: "env:HOOK" }
postmortem: { publish: file }
stages: { t+2: 2s, t+10: 4s }
`;

test('what is built is not named', () => {
  expect(unavailableSettings(parse(BUILT))).toEqual([]);
  for (const need of [
    'flags',
    'assess',
    'application',
    'database',
    'validate',
    'messages',
  ] as const) {
    expect(() => requireAvailable(parse(BUILT), need)).not.toThrow();
  }
});

const AWS = 'account: "123456789012", regions: [eu-west-1]';

test('what a rule is when left out is not named, whatever the matrix has there', () => {
  const paths = unavailableSettings(parse(`${HEAD}${LOCAL}`)).map(({ path }) => path);
  expect(paths).toEqual([]);
  const own = 'rules: { own: { signal: health, decision: suggest } }';
  expect(unavailableSettings(parse(`${HEAD}${LOCAL}${own}`))).toEqual([]);
});

const CLOUDWATCH =
  '{ kind: cloudwatch, signals: { error_rate: { unit: ratio, metrics: { a: { namespace: n, name: e } } } } }';

/** A signal of one's own. */
const PUSH =
  'metrics: { kind: http-json, url: "https://a.example", signals: { push: { unit: count, pointer: /p } } }\n';

type Case = [text: string, path: string, refused: Need, allowed?: Need];

/** An alarm measures by itself: what a rule says about measuring and waiting has no effect yet. */
const RULES: [text: string, path: string][] = [
  // The alarm is answered with "investigate", and that is all.
  ['slow: { alarms: [shop-slow] }', 'slow.alarms'],
  ['service-down: { alarms: [a], missing: investigate }', 'service-down.alarms'],
  ['slow: { threshold: { above: 800ms } }', 'slow.threshold'],
  ['slow: { for: 3m }', 'slow.for'],
  ['complaints: { within: 20m }', 'complaints.within'],
  ['slow: { period: 2m }', 'slow.period'],
  ['slow: { min_requests: 7 }', 'slow.min_requests'],
  ['security-breach: { min_severity: 5 }', 'security-breach.min_severity'],
  ['slow: { investigate_for: 3m }', 'slow.investigate_for'],
  ['slow: { at_end: ask }', 'slow.at_end'],
  ['slow: { page: [commander] }', 'slow.page'],
  ['own: { signal: push, decision: act, threshold: { above: 1 } }', 'own.signal'],
  ['own: { signal: health, decision: act, automatic: application }', 'own.automatic'],
];

const CASES: Case[] = [
  [`environments: { p: { state: { kind: aws }, ${AWS} } }`, 'environments.p.state.kind', 'flags'],
  [`environments: { p: { reach: lambda, ${AWS} } }`, 'environments.p.reach', 'flags'],
  [`environments: { p: { journal: { url: "ssm:/a" } } }`, 'environments.p.journal.url', 'flags'],
  [
    `environments: { p: { journal: { url: "env:J", schema: other } } }`,
    'environments.p.journal.schema',
    'flags',
  ],
  [
    `${LOCAL}breakers: { half_open_failures: 2 }`,
    'breakers.half_open_failures',
    'recover',
    'flags',
  ],
  [`${LOCAL}budgets: { make_safe: 1m }`, 'budgets.make_safe', 'messages', 'flags'],
  ...RULES.map(([text, key]): Case => {
    const rules = `${LOCAL}${PUSH}rules: { ${text} }`;
    return [rules, `rules.${key}`, 'automation', 'flags'];
  }),
  [`${LOCAL}alarms: { reread_after: 1m }`, 'alarms.reread_after', 'automation', 'flags'],
  [`${LOCAL}alarms: { flapping: { changes: 4 } }`, 'alarms.flapping', 'automation', 'flags'],
  [
    `${LOCAL}targets: { a: { kind: workflow, file: deploy.yml, repository: a/b, token: "ssm:/t" } }`,
    'targets.a.token',
    'application',
    'flags',
  ],
  [
    `${LOCAL}databases: { a: { name: app, url: "env:A", owner_role: o } }`,
    'databases.a',
    'database',
    'application',
  ],
  [
    `${LOCAL}caches: { a: { url: "ssm:/backout/a", prefix: "a:" } }`,
    'caches.a.url',
    'flush',
    'application',
  ],
  [
    `${LOCAL}services: { a: { kind: ssm-systemd, unit: a.service, instances: { R: a } } }`,
    'services.a.kind',
    'restart',
    'application',
  ],
  [
    `${LOCAL}metrics: ${CLOUDWATCH}\nchecks: { a: { kind: metric, signal: error_rate, expect: { below: "1%" } } }`,
    'checks.a.kind',
    'validate',
    'messages',
  ],
  [`${LOCAL}metrics: ${CLOUDWATCH}`, 'metrics.kind', 'automation', 'application'],
  [
    `${LOCAL}databases: { a: { name: app, url: "ssm:/a", owner_role: o } }\nchecks: { a: { kind: sql, database: a, query: select 1 } }`,
    'databases.a.url',
    'application',
    'flags',
  ],
  [
    `${LOCAL}messages: { channels: { a: { kind: slack, channel: c, token: "env:T" } } }`,
    'messages.channels.a.kind',
    'messages',
    'flags',
  ],
  [
    `${LOCAL}messages: { templates: { complete: Done } }`,
    'messages.templates',
    'messages',
    'flags',
  ],
  [`${LOCAL}escalation: { cto: { mention: "@cto" } }`, 'escalation.cto', 'messages', 'flags'],
  [`${LOCAL}customer_impact: { unreadable: unaffected }`, 'customer_impact', 'messages', 'flags'],
  [`${LOCAL}postmortem: { template: a.md }`, 'postmortem.template', 'postmortem', 'flags'],
  [
    `${LOCAL}repository: { github: a/b }\npostmortem: { publish: pull_request }`,
    'postmortem.publish',
    'postmortem',
    'flags',
  ],
  [`${LOCAL}clock: { updates_every: 1m }`, 'clock', 'messages', 'flags'],
];

test.each(CASES)('%s is named, and refused where it is needed', (text, path, refused) => {
  const config = parse(HEAD + text);

  expect(unavailableSettings(config).map((setting) => setting.path)).toContain(path);
  expect(() => requireAvailable(config, refused)).toThrow(
    expect.objectContaining({
      code: 'E_NOT_AVAILABLE',
      kind: 'refused',
      state: 'Nothing was changed.',
      message: expect.stringContaining(path) as string,
    }),
  );
});

test.each(CASES.filter(([, , , allowed]) => allowed !== undefined))(
  '%s does not stand in the way of anything else',
  (text, _path, _refused, allowed = 'flags') => {
    expect(() => requireAvailable(parse(HEAD + text), allowed)).not.toThrow();
  },
);

test('one environment that is not available leaves the others usable', () => {
  const config = parse(`${HEAD}environments:
  laptop: {}
  production: { state: { kind: aws }, ${AWS} }
targets:
  here: { kind: command, deploy: [x], current: [x] }
  there: { kind: workflow, file: deploy.yml, repository: a/b, token: 'ssm:/t', environments: [production] }
`);

  expect(() => requireAvailable(config, 'application', 'laptop')).not.toThrow();
  expect(() => requireAvailable(config, 'application', 'production')).toThrow(
    'targets.there.token',
  );
  expect(() => requireAvailable(config, 'flags', 'production')).toThrow('state on AWS');
});

test('all settings that stand in the way are named together', () => {
  const config = parse(`${HEAD}${LOCAL}targets:
  a: { kind: workflow, file: deploy.yml, repository: a/b, token: 'ssm:/a' }
  b: { kind: workflow, file: deploy.yml, repository: a/b, token: 'ssm:/b' }
`);

  expect(() => requireAvailable(config, 'application')).toThrow(
    /targets\.a\.token .*targets\.b\.token/,
  );
});
