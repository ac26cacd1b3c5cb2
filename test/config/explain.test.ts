import { expect, test } from 'vitest';
import { type BadInput, examine, HEAD } from './bad-input.ts';

const CASES: BadInput[] = [
  // YAML itself
  ['a tab', 'service: shop\nflags:\n\tgroups: {} #!', 'not valid YAML', 'Indent with spaces'],
  ['bad indentation', 'service: shop\nflags:\n    a: 1\n  b: 2 #!', 'not valid YAML', ''],
  ['a bracket left open', 'service: [shop #!', 'not valid YAML', ''],
  [
    'a key given twice',
    `${HEAD}budgets:\n  flags: 30s\n  flags: 40s #!`,
    'the key "flags" is there twice',
    'Keep one',
  ],
  ['two documents', `${HEAD}--- #!\nservice: other`, 'not valid YAML', 'one file is one service'],
  ['an unknown tag', `${HEAD}description: !Ref x #!`, 'not valid YAML', 'Remove the tag'],
  [
    'an undefined anchor',
    `${HEAD}bake: *nothing #!`,
    'nothing above is named "&nothing"',
    'Write the block out',
  ],
  [
    'an anchor used in itself',
    `${HEAD}releases:\n  migrations: &m\n    - *m #!`,
    'stands in the block',
    'Write the block out',
  ],
  ['no block', '- service #!', 'not a block of keys', 'Start with "service:"'],
  // Shape
  [
    'an unknown section',
    `${HEAD}enviroment: {} #!`,
    '"enviroment" is not known',
    'Did you mean "environments"?',
  ],
  ['an unknown key', `${HEAD}lease: { tll: 30s } #!`, '"tll" is not known', 'Did you mean "ttl"?'],
  [
    'a key far from every other',
    `${HEAD}lease: { colour: red } #!`,
    '"colour" is not known',
    'Known: ttl, wait',
  ],
  [
    'a merge key',
    `${HEAD}lease:\n  <<: { ttl: 30s } #!`,
    '"<<" is not known',
    'write the keys out',
  ],
  ['a missing service', 'environments: { production: {} } #!', 'is missing', 'Name of the service'],
  ['a missing value', 'service: #!\nenvironments: { a: {} }', 'found nothing', 'Write a text'],
  ['no environment', 'service: shop\nenvironments: {} #!', 'there is no environment', 'Add one'],
  [
    'an unknown choice',
    'service: shop\nenvironments:\n  a:\n    automation: armd #!',
    '"armd" is not one of',
    'Did you mean "armed"?',
  ],
  [
    'an account without quotes',
    'service: shop\nenvironments:\n  a:\n    account: 123456789012 #!',
    'expected a text, found a number',
    'Put it in quotes: "123456789012"',
  ],
  [
    'a short account',
    'service: shop\nenvironments:\n  a:\n    account: "1234" #!',
    'not an AWS account',
    '12 digits',
  ],
  [
    'a duration without unit',
    `${HEAD}lease: { ttl: 30 } #!`,
    'found a number: 30',
    'a duration with its unit',
  ],
  [
    'a duration in words',
    `${HEAD}lease: { ttl: 30 seconds } #!`,
    '"30 seconds" is not a duration',
    '"30s"',
  ],
  [
    'a duration out of range',
    `${HEAD}lease: { ttl: 3h } #!`,
    'outside 1s to 10m',
    'Choose a duration',
  ],
  [
    'a percentage without sign',
    `${HEAD}rules:\n  critical-errors:\n    threshold: { above: 5 } #!`,
    'another unit',
    'above: "5%"',
  ],
  [
    'a percentage over 100',
    `${HEAD}rules:\n  critical-errors:\n    threshold: { above: "500%" } #!`,
    'neither a percentage',
    '"5%"',
  ],
  [
    'a fraction where whole numbers are',
    `${HEAD}breakers: { half_open_failures: 1.5 } #!`,
    'expected a whole number',
    'whole number',
  ],
  [
    'a number out of range',
    `${HEAD}breakers: { half_open_failures: -1 } #!`,
    'out of range',
    'at least 0',
  ],
  [
    'a text where a list is',
    `${HEAD}releases: { migrations: db/*.sql } #!`,
    'expected a list, found a text',
    'Write a list',
  ],
  ['an empty text', `${HEAD}description: "" #!`, 'is empty', 'leave the key out'],
  [
    'an address that is none',
    'service: shop\nenvironments:\n  a:\n    base_url: shop.example #!',
    'not an address',
    'https://',
  ],
  [
    'an unknown kind',
    `${HEAD}targets:\n  app:\n    kind: lamda-alias #!`,
    '"lamda-alias" is not one of',
    'Did you mean "lambda-alias"?',
  ],
  [
    'a missing kind',
    `${HEAD}targets:\n  app: { order: 1 } #!`,
    'is missing',
    'command, lambda-alias',
  ],
  [
    'a missing program',
    `${HEAD}targets:\n  app: { kind: command, current: [x] } #!`,
    'is missing',
    'Program that deploys',
  ],
  [
    'a program as one text',
    `${HEAD}targets:\n  app:\n    kind: command\n    current: [x]\n    deploy: ./deploy {tag} #!`,
    'expected a list',
    'Write a list',
  ],
  [
    'a value inside a choice of shapes',
    `${HEAD}checks:\n  a:\n    kind: breakers\n    under_safe_state: { expect: opened } #!`,
    '"opened" is not one of',
    'Did you mean "open"?',
  ],
  [
    'none of several shapes',
    `${HEAD}rules:\n  slow:\n    groups: some #!`,
    '"some" is not valid here',
    'a list',
  ],
  [
    'an automatic database',
    `${HEAD}rules:\n  slow:\n    automatic: database #!`,
    'never rolled back automatically',
    'backout rollback database',
  ],
  [
    'an approval of the safe state',
    'service: shop\nenvironments:\n  a:\n    approval: { flags: always } #!',
    'waits for nobody',
    'never',
  ],
  [
    'an unknown stage',
    `${HEAD}checks:\n  a: { kind: flags-safe, stages: [t+5] } #!`,
    '"t+5" is not one of',
    't+2',
  ],
  [
    'an unknown signature in env',
    `${HEAD}targets:\n  a:\n    kind: command\n    deploy: [x]\n    current: [x]\n    env: { A: plain } #!`,
    'a reference is expected',
    'env:NAME',
  ],
  // Names
  [
    'a name with a star',
    'service: shop* #!\nenvironments: { a: {} }',
    'contains "*"',
    'Use letters',
  ],
  [
    'a name with a brace',
    `${HEAD}flags:\n  groups:\n    "{a}": { flags: {} } #!`,
    'contains "{"',
    'Use letters',
  ],
  [
    'a name with a colon',
    `${HEAD}breakers:\n  providers:\n    "a:b": {} #!`,
    'contains ":"',
    'Use letters',
  ],
  [
    'a name that is too long',
    `service: ${'a'.repeat(64)} #!\nenvironments: { a: {} }`,
    '64 bytes of 63',
    'at most 63',
  ],
  [
    'a name that starts with a digit',
    `${HEAD}targets:\n  1a: { kind: command, deploy: [x], current: [x] } #!`,
    'does not start with a letter',
    'letter',
  ],
  [
    'a name that every object has',
    'service: constructor #!\nenvironments: { a: {} }',
    'is reserved',
    'another name',
  ],
  [
    'a database of the server',
    `${HEAD}databases:\n  a:\n    url: env:A\n    owner_role: o\n    name: postgres #!`,
    'belongs to the server',
    'database of the application',
  ],
  [
    'a database name that is too long',
    `${HEAD}databases:\n  a:\n    url: env:A\n    owner_role: o\n    name: ${'é'.repeat(32)} #!`,
    '64 bytes',
    'at most 63',
  ],
];

test.each(CASES)('%s is named with its line and a remedy', (_name, text, message, remedy) => {
  const { problem, others, marked } = examine(text);

  expect(problem?.message).toContain(message);
  expect(problem?.remedy).toContain(remedy);
  expect(problem?.line).toBe(marked);
  expect(others).toEqual([]);
});
