/** Given a person who names a release, it is checked as strictly as what a machine would choose. */

import { afterAll, expect, test, vi } from 'vitest';
import { errorOf, expectExit } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { changesOf, incidentsOf, liveOf } from './support/look.ts';
import type { CliEnd } from './support/run-cli.ts';
import { type Site, openSite } from './support/site.ts';
import { expectNothingChanged } from './support/untouched.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const rollBackTo = (tag: string, more = ''): string =>
  `rollback application --yes --json --to ${tag} ${more} --reason 'Every second request fails'`;

interface Refusal {
  what: string;
  tag: string;
  prepare?: (site: Site) => Promise<unknown>;
  exit: number;
  code: string;
  says: string;
}

const REFUSALS: Refusal[] = [
  { what: 'a tag that does not exist', tag: 'v1.1.9', exit: 2, code: 'E_TAG', says: 'v1.1.9' },
  {
    what: 'a branch',
    tag: 'v1.1.5',
    prepare: (site) => site.git('branch', 'v1.1.5', 'v1.1.0'),
    exit: 2,
    code: 'E_TAG',
    says: 'v1.1.5',
  },
  {
    what: 'what is no tag at all',
    tag: '--force',
    exit: 2,
    code: 'E_TAG_FORMAT',
    says: '--force',
  },
  {
    what: 'a held release',
    tag: 'v1.1.0',
    prepare: (site) => site.run("release hold v1.1.0 --reason 'It loses orders at night'"),
    exit: 4,
    code: 'E_TAG_BAD',
    says: 'It loses orders at night',
  },
  { what: 'what is live', tag: 'v1.2.0', exit: 0, code: 'E_ALREADY_LIVE', says: 'live already' },
  {
    what: 'a newer release',
    tag: 'v1.3.0',
    prepare: (site) => site.git('tag', 'v1.3.0', 'v1.1.0'),
    exit: 4,
    code: 'E_FORWARD',
    says: 'newer',
  },
  {
    what: 'a tag that was moved',
    tag: 'v1.1.0',
    prepare: (site) => site.git('tag', '--force', 'v1.1.0', 'v1.0.0'),
    exit: 4,
    code: 'E_TAG_MOVED',
    says: 'moved',
  },
];

test.each(REFUSALS)('$what is refused with $code, and nothing is changed', async (refusal) => {
  await using site = await openSite(ground);
  await refusal.prepare?.(site);
  const before = await incidentsOf(site);
  const end: CliEnd = await site.run(rollBackTo(refusal.tag));
  expectExit(end, refusal.exit);
  const { code, message, remedy } = errorOf(end);
  expect(code).toContain(refusal.code);
  expect(message).toContain(refusal.says);
  expect(remedy).not.toBe('');
  expect(await liveOf(site)).toBe('v1.2.0');
  await expectNothingChanged(site, before);
});

test('without a name, a release whose tag was moved is passed over for the one before', async () => {
  await using site = await openSite(ground);
  await site.git('tag', '--force', 'v1.1.0', 'v1.0.0');
  const end = await site.run("rollback application --yes --reason 'Every second request fails'");
  expectExit(end, 0);
  expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.0.0']);
});

test('a release that was never proven needs a second person', async () => {
  await using site = await openSite(ground);
  await site.git('commit', '--quiet', '--allow-empty', '--message', 'Never deployed');
  await site.git('tag', 'v1.1.7');
  const alone = await site.run(rollBackTo('v1.1.7'));
  expectExit(alone, 4);
  expect(errorOf(alone).code).toBe('E_APPROVAL');
  await expectNothingChanged(site);

  const together = await site.run(rollBackTo('v1.1.7', "--approved-by 'Grace Hopper'"));
  expectExit(together, 0);
  expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.1.7']);
  const [incident] = await incidentsOf(site);
  const decision = incident?.entries.find(({ kind }) => kind === 'decision');
  expect(decision?.data['approved_by']).toBe('Grace Hopper');
});
