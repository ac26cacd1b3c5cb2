import { expect, it } from 'vitest';
import { runNameReader } from '../../../src/adapters/github/run-name.ts';

const PLACES = { service: 'shop', environment: 'production', target: 'web' };
const COMMIT = 'a1'.repeat(20);

it.each([
  ['Deploy {tag}', 'Deploy v1.2.0', { tag: 'v1.2.0' }],
  ['Deploy {tag}', 'Deploy api/v1.2.0', { tag: 'api/v1.2.0' }],
  ['Deploy {tag}', 'Deploy', undefined],
  ['Deploy {tag}', 'Release v1.2.0', undefined],
  ['Deploy {tag}', 'Deploy v1.2.0 again', undefined],
  ['Deploy {tag}', 'Deploy v1;reboot', undefined],
  ['{tag} to {environment}', 'v1.2.0 to production', { tag: 'v1.2.0' }],
  ['{tag} to {environment}', 'v1.2.0 to staging', undefined],
  ['{tag} {commit}', `v1.2.0 ${COMMIT}`, { tag: 'v1.2.0', commit: COMMIT }],
  [
    'Deploy {tag} {incident} {fence}',
    'Deploy v1.2.0 k3f9a2b1 7',
    { tag: 'v1.2.0', incident: 'k3f9a2b1', fence: 7 },
  ],
  // The team's own run: nobody gave it what only we know.
  ['Deploy {tag} {incident} {fence}', 'Deploy v1.2.0', { tag: 'v1.2.0' }],
  ['Deploy (v+) {tag} [x]', 'Deploy (v+) v1.2.0 [x]', { tag: 'v1.2.0' }],
])('%s reads "%s"', (template, title, read) => {
  expect(runNameReader(template, PLACES)(title)).toEqual(read);
});
