import { expect, test } from 'vitest';
import { type BadInput, errorOf, examine, HEAD } from './bad-input.ts';

const CASES: BadInput[] = [
  // Secrets and what cannot be seen
  [
    'an address with a password',
    `${HEAD}targets:\n  a:\n    kind: command\n    current: [x]\n    deploy: [x, "postgres://u:hunter2@db/app"] #!`,
    'an address with a password',
    'env:NAME',
  ],
  [
    'a password where a reference is',
    'service: shop\nenvironments:\n  a:\n    redis: { url: "redis://:hunter2@cache:6379" } #!',
    'an address with a password',
    'replace the secret',
  ],
  ['an AWS key', `${HEAD}description: AKIAIOSFODNN7EXAMPLE #!`, 'an AWS access key', 'env:NAME'],
  [
    'a GitHub token',
    `${HEAD}description: ghp_abcdefghijklmnopqrstuvwxyz0123456789 #!`,
    'a GitHub token',
    'env:NAME',
  ],
  [
    'a key in an address',
    `${HEAD}checks:\n  a:\n    kind: http\n    url: https://x.example/health?api_key=abc #!`,
    'an address with a key',
    'env:NAME',
  ],
  [
    'a header with its value',
    `${HEAD}checks:\n  a:\n    kind: http\n    url: https://x.example\n    headers:\n      X-Api-Key: abc #!`,
    '"X-Api-Key" is written out',
    'env:NAME',
  ],
  [
    'a credential',
    `${HEAD}checks:\n  a:\n    kind: http\n    url: https://x.example\n    headers:\n      Anything: Bearer abcdefghij #!`,
    'a credential',
    'env:NAME',
  ],
  [
    'text that runs backwards',
    `${HEAD}description: "a\\u202Eb" #!`,
    'invisible character',
    'Type the text again',
  ],
  [
    'a line break in a name of a tag',
    `${HEAD}releases: { security_floor: "v1\\rv2" } #!`,
    'invisible character',
    'Type the text again',
  ],
];

test.each(CASES)('%s is refused where it stands', (_name, text, message, remedy) => {
  const { problem, others, marked } = examine(text);

  expect(problem?.message).toContain(message);
  expect(problem?.remedy).toContain(remedy);
  expect(problem?.line).toBe(marked);
  expect(others).toEqual([]);
});

test('a message never repeats the secret that it is about', () => {
  for (const [, text] of CASES) {
    const said = JSON.stringify(errorOf(text));
    expect(said).not.toMatch(/hunter2|AKIAIOS|ghp_abc|Bearer abc|api_key=abc/);
  }
});
