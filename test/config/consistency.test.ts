import { expect, test } from 'vitest';
import { type BadInput, examine, HEAD } from './bad-input.ts';

const CASES: BadInput[] = [
  // Targets on AWS
  [
    'a shift that is longer than the whole deployment',
    `${HEAD}targets:\n  api:\n    kind: lambda-alias\n    function_name: api\n    timeout: 1m\n    shift:\n      share: 10%\n      wait: 1m #!`,
    'no longer than 60 s',
    'longer timeout',
  ],
  [
    'a shift of nothing',
    `${HEAD}targets:\n  api:\n    kind: lambda-alias\n    function_name: api\n    shift:\n      wait: 10s\n      share: 0% #!`,
    'no share',
    'leave out shift',
  ],
  [
    'a place that depends on the release',
    `${HEAD}targets:\n  api:\n    kind: ecs\n    cluster: main\n    service: "api-{tag}" #!`,
    'nothing replaces "{tag}"',
    'target',
  ],
  [
    'a fleet of everything',
    `${HEAD}targets:\n  api:\n    kind: ssm-command\n    deploy: [x]\n    current: [x]\n    instances: {} #!`,
    'every machine of the account',
    'at least one tag',
  ],
  [
    'a word that SSM would replace',
    `${HEAD}targets:\n  api:\n    kind: ssm-command\n    instances: { Role: api }\n    current: [x]\n    deploy:\n      - x\n      - "{{ssm:/shop/key}}" #!`,
    'SSM replaces',
    'on the machine',
  ],
  // A workflow on GitHub
  [
    'a workflow of no repository',
    `${HEAD}targets:\n  edge: #!\n    kind: workflow\n    file: deploy.yml`,
    'needs a repository on GitHub',
    'github: owner/name',
  ],
  [
    'runs at the default branch that do not say which release they deploy',
    `${HEAD}repository: { github: a/b }\ntargets:\n  edge:\n    kind: workflow\n    file: deploy.yml\n    ref: default_branch #!`,
    'nothing says which release',
    'run-name',
  ],
  [
    'a run that cannot know our incident',
    `${HEAD}repository: { github: a/b }\ntargets:\n  edge:\n    kind: workflow\n    file: deploy.yml\n    run_name: "Deploy {tag} {incident}" #!`,
    'cannot contain {incident}',
    'Add an input',
  ],
  [
    'a word in an input that nothing replaces',
    `${HEAD}repository: { github: a/b }\ntargets:\n  edge:\n    kind: workflow\n    file: deploy.yml\n    inputs:\n      version: "{tg}" #!`,
    'nothing replaces "{tg}"',
    'Did you mean "tag"?',
  ],
  // References between parts
  [
    'a rule naming an unknown group',
    `${HEAD}flags: { groups: { features: { flags: {} } } }\nrules:\n  slow:\n    groups: [feature] #!`,
    'the flag group "feature" is not defined',
    'Did you mean "features"?',
  ],
  [
    'a rule naming an unknown provider',
    `${HEAD}breakers: { providers: { stripe: {} } }\nrules:\n  slow:\n    trips: [strype] #!`,
    'the provider "strype" is not defined',
    'Did you mean "stripe"?',
  ],
  [
    'a rule naming an unknown tag',
    `${HEAD}breakers: { providers: { stripe: { tags: [payment] } } }\nrules:\n  slow:\n    trips: ["tag:payments"] #!`,
    '"tag:payments" is not defined',
    'Did you mean "tag:payment"?',
  ],
  [
    'a rule paging nobody',
    `${HEAD}rules:\n  slow:\n    page: [dba] #!`,
    'the contact "dba" is not defined',
    'database_admin',
  ],
  [
    'a rule of an unknown signal',
    `${HEAD}rules:\n  own:\n    decision: act\n    signal: errors_rate #!`,
    'the signal "errors_rate"',
    'Did you mean "error_rate"?',
  ],
  [
    'a rule of your own without signal',
    `${HEAD}rules:\n  own: #!\n    decision: act`,
    'is missing',
    'What is measured',
  ],
  [
    'a rule of your own without threshold',
    `${HEAD}rules:\n  own: #!\n    decision: act\n    signal: error_rate`,
    'needs a threshold',
    'above: "5%"',
  ],
  [
    'a threshold for what is there or not',
    `${HEAD}rules:\n  service-down:\n    threshold: { above: 3 } #!`,
    'has no threshold',
    'Remove',
  ],
  [
    'a threshold that nothing meets',
    `${HEAD}rules:\n  slow:\n    threshold: { above: 2s, below: 1s } #!`,
    'no value',
    'lower bound',
  ],
  [
    'a period that alarms cannot have',
    `${HEAD}rules:\n  slow:\n    period: 45s #!`,
    'no period',
    'whole minutes',
  ],
  [
    'an end without means',
    `${HEAD}rules:\n  slow:\n    automatic: none #!`,
    'nothing may be rolled back',
    'at_end: ask',
  ],
  [
    'a suggestion that acts',
    `${HEAD}rules:\n  feature-broken:\n    automatic: flags #!`,
    'only suggests',
    'decision: act',
  ],
  [
    'an unknown environment',
    `${HEAD}targets:\n  a: { kind: command, deploy: [x], current: [x], environments: [prod] } #!`,
    'the environment "prod" is not defined',
    'Known: production',
  ],
  [
    'an unknown dependency',
    `${HEAD}targets:\n  app: { kind: command, deploy: [x], current: [x], depends_on: [ap] } #!`,
    'the target "ap" is not defined',
    'Did you mean "app"?',
  ],
  [
    'a target waiting for itself',
    `${HEAD}targets:\n  app: { kind: command, deploy: [x], current: [x], depends_on: [app] } #!`,
    'app → app',
    'Remove one',
  ],
  [
    'targets in a circle',
    `${HEAD}targets:\n  a: { kind: command, deploy: [x], current: [x], depends_on: [b] }\n  b: { kind: command, deploy: [x], current: [x], depends_on: [c] }\n  c: { kind: command, deploy: [x], current: [x], depends_on: [a] } #!`,
    'a → b → c → a',
    'Remove one',
  ],
  [
    'a service waiting for itself',
    'service: shop\nenvironments: { a: {} }\ndepends_on: [shop] #!',
    'cannot wait for itself',
    'Remove',
  ],
  [
    'a word that nothing replaces',
    `${HEAD}targets:\n  app:\n    kind: command\n    current: [x]\n    deploy: [./deploy, "{tga}"] #!`,
    'nothing replaces "{tga}"',
    'Did you mean "tag"?',
  ],
  [
    'two providers at one place',
    `${HEAD}breakers:\n  providers:\n    a: { recovery_order: 1 }\n    b: { recovery_order: 1 } #!`,
    '"a" recovers as number 1 already',
    'one by one',
  ],
  [
    'a check of an unknown database',
    `${HEAD}checks:\n  a: { kind: sql, query: select 1, database: main } #!`,
    'the database "main" is not defined',
    'define it first',
  ],
  [
    'a path without address',
    `${HEAD}checks:\n  a: { kind: http, url: /health } #!`,
    'has no base_url',
    'Add base_url',
  ],
  [
    'a journey using what no step kept',
    `${HEAD}checks:\n  a:\n    kind: journey\n    steps:\n      - { name: one, url: "https://x.example/{user}" } #!`,
    'nothing replaces "{user}"',
    'Known',
  ],
  [
    'a service without such a check',
    `${HEAD}services:\n  a: { kind: systemd, unit: a.service, check: health } #!`,
    'the check "health" is not defined',
    'define it',
  ],
  [
    'a contact on an unknown channel',
    `${HEAD}escalation:\n  cto: { channels: [slack] } #!`,
    'the channel "slack" is not defined',
    'Known: console',
  ],
  [
    'a pull request without repository',
    `${HEAD}postmortem: { publish: pull_request } #!`,
    'needs a repository on GitHub',
    'github: owner/name',
  ],
  [
    'a tag pattern without star',
    `${HEAD}repository: { tag_pattern: v1 } #!`,
    'not a tag pattern',
    '"v*"',
  ],
  [
    'stages out of order',
    `${HEAD}stages: { t+2: 20m } #!`,
    'not one after another',
    't+2 before t+10',
  ],
  // Safety
  [
    'a breaker that nothing could close',
    `${HEAD}breakers:\n  providers:\n    a: { half_open_sample: "0%" } #!`,
    'could never close',
    'a share above',
  ],
  [
    'a flag without safe value',
    `${HEAD}flags:\n  groups:\n    g:\n      flags:\n        a: { default: true } #!`,
    'has no safe value',
    'leave_alone',
  ],
  [
    'a flag with value and reason',
    `${HEAD}flags:\n  groups:\n    g:\n      flags:\n        a: { default: true, safe: false, leave_alone: x } #!`,
    'a reason to have none',
    'Keep safe or leave_alone',
  ],
  [
    'a safe value of another type',
    `${HEAD}flags:\n  groups:\n    g:\n      flags:\n        a: { default: true, safe: off } #!`,
    'type string, default of type boolean',
    'true and false',
  ],
  [
    'a flag in two groups',
    `${HEAD}flags:\n  groups:\n    g: { flags: { a: { default: true, safe: false } } }\n    h: { flags: { a: { default: true, safe: false } } } #!`,
    'also in the group "g"',
    'one group',
  ],
  [
    'two canaries',
    `${HEAD}flags:\n  groups:\n    g:\n      flags:\n        a: { default: true, safe: false, canary: true }\n        b: { default: true, safe: false, canary: true } #!`,
    '"a" is the canary already',
    'one flag',
  ],
  [
    'files on AWS',
    'service: shop\nenvironments:\n  a: { state: { kind: aws }, account: "123456789012", regions: [eu-west-1] }\nflags:\n  groups:\n    g: { layout: file, flags: {} } #!',
    'does not fit the environment "a"',
    'auto',
  ],
  [
    'a parameter that nobody named',
    'service: shop\nenvironments:\n  a: { state: { kind: aws }, account: "123456789012", regions: [eu-west-1] }\nflags:\n  groups:\n    g:\n      layout: parameter-per-flag\n      flags:\n        a: { default: true, safe: false } #!',
    'in which parameter',
    'parameter_path',
  ],
  [
    'AWS without regions',
    'service: shop\nenvironments:\n  a: { reach: lambda, account: "123456789012" } #!',
    'this environment is on AWS',
    'Add it',
  ],
  [
    'breakers without Redis',
    'service: shop\nenvironments:\n  a: {} #!\nbreakers: { providers: { stripe: {} } }',
    'there are circuit breakers',
    'redis:',
  ],
  [
    'a cache without keys',
    `${HEAD}caches:\n  a: { url: "env:A" } #!`,
    'which keys',
    'exclusive: true',
  ],
  [
    'a cache with prefix and database',
    `${HEAD}caches:\n  a: { url: "env:A", prefix: "a:", database: 1 } #!`,
    'cannot be combined',
    'a prefix or a database',
  ],
  [
    'a cache over our own keys',
    `${HEAD}caches:\n  a:\n    url: env:A\n    prefix: "back" #!`,
    'keys of Backout itself',
    'only the cache uses',
  ],
  [
    'an RDS instance without id',
    `${HEAD}databases:\n  a: { name: app, url: "env:A", owner_role: o, instance: { kind: rds } } #!`,
    'is missing, and the server is rds',
    'identifier',
  ],
];

test.each(CASES)('%s is named with its line and a remedy', (_name, text, message, remedy) => {
  const { problem, others, marked } = examine(text);

  expect(problem?.message).toContain(message);
  expect(problem?.remedy).toContain(remedy);
  expect(problem?.line).toBe(marked);
  expect(others).toEqual([]);
});
