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
    state: { kind: aws }
    journal: { url: "ssm:/journal" }
    redis: { url: "env:REDIS" }
    github: { app_id: "env:APP", private_key: "env:APP_KEY", start_within: 30s }
flags:
  groups:
    features: { layout: document, flags: { a: { default: true, safe: false } } }
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
  own: { signal: health, decision: act, automatic: application, alarms: [own] }
  service-down: { alarms: [down], missing: investigate }
  slow: { alarms: [slow], investigate_for: 3m, at_end: ask, page: [commander] }
  security-breach: { min_severity: 5 }
alarms: { max_age: 10m, reread_after: 1m, flapping: { changes: 4 } }
clock: { updates_every: 1m }
customer_impact: { unreadable: unaffected }
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

/** An alarm measures by itself: what a rule says about measuring has no effect yet. */
const RULES: [text: string, path: string][] = [
  ['slow: { threshold: { above: 800ms } }', 'slow.threshold'],
  ['slow: { for: 3m }', 'slow.for'],
  ['complaints: { within: 20m }', 'complaints.within'],
  ['slow: { period: 2m }', 'slow.period'],
  ['slow: { min_requests: 7 }', 'slow.min_requests'],
  ['own: { signal: push, decision: act, threshold: { above: 1 } }', 'own.signal'],
];

const CASES: Case[] = [
  [`environments: { p: { reach: lambda, ${AWS} } }`, 'environments.p.reach', 'flags'],
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
  [
    `${LOCAL}databases: { a: { name: app, url: "env:A", owner_role: o } }`,
    'databases.a',
    'database',
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
  [`${LOCAL}postmortem: { template: a.md }`, 'postmortem.template', 'postmortem', 'flags'],
  [
    `${LOCAL}repository: { github: a/b }\npostmortem: { publish: pull_request }`,
    'postmortem.publish',
    'postmortem',
    'flags',
  ],
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
  production: { reach: lambda, ${AWS} }
databases:
  there: { name: app, url: "env:A", owner_role: o, environments: [production] }
`);

  expect(() => requireAvailable(config, 'database', 'laptop')).not.toThrow();
  expect(() => requireAvailable(config, 'database', 'production')).toThrow('databases.there');
  expect(() => requireAvailable(config, 'flags', 'production')).toThrow(
    'reaching through functions',
  );
});

test('all settings that stand in the way are named together', () => {
  const config = parse(`${HEAD}${LOCAL}databases:
  a: { name: app, url: "env:A", owner_role: o }
  b: { name: other, url: "env:B", owner_role: o }
`);

  expect(() => requireAvailable(config, 'database')).toThrow(/databases\.a .*databases\.b/);
});
