/** The check of pull requests as its bundle runs on a runner, against an API server of GitHub. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { type ActionRun, runAction } from '../../cli/drill/run-action.ts';
import type { GitFixture } from '../adapters/git/git-fixture.ts';
import { DROP, type Files, repository, SAFE, USERS } from '../cli/audit-support.ts';
import { refuseNext } from '../support/github-faults.ts';
import { type GitHubServer, REPOSITORY, startGitHub } from '../support/github-server.ts';

const comments = z.array(z.object({ id: z.int(), body: z.string() }));
const MARK = '<!-- backout-audit -->';

let resources: AsyncDisposableStack;
let github: GitHubServer;
let directory: string;
let git: GitFixture;
/** Lines of the log. */
let lines: string[];

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  lines = [];
  github = resources.use(await startGitHub());
  directory = await mkdtemp(join(tmpdir(), 'backout-audit-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  // The first issue of the repository: pull requests are issues, and have their comments.
  await ask('POST', '/issues', { title: 'A pull request' });
});
afterEach(() => resources.disposeAsync());

async function ask(method: string, path: string, body?: object, token = 'acme'): Promise<unknown> {
  const answered = await fetch(`${github.upstream}/repos/${REPOSITORY}${path}`, {
    method,
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answered.ok).toBe(true);
  return await answered.json();
}

const commentsNow = async () => comments.parse(await ask('GET', '/issues/1/comments'));

/** A clone with the release v1, and a pull request that adds files to it. */
async function pullRequest(added: Files, old: Files = { 'migrations/1.sql': USERS }) {
  git = resources.use(await repository(old, added));
  await git.git('tag', '--delete', 'v2');
}

async function check(
  inputs: Record<string, string> = {},
  variables: Record<string, string | undefined> = {},
): Promise<ActionRun> {
  const base = (await git.git('rev-parse', 'v1^{commit}')).trim();
  const event = join(directory, 'event.json');
  await writeFile(event, JSON.stringify({ pull_request: { number: 1, base: { sha: base } } }));
  return await runAction({
    action: 'audit',
    inputs: { token: 'token-of-the-job', ...inputs },
    workspace: git.directory,
    directory,
    actor: 'robin',
    variables: {
      ...git.env,
      GITHUB_EVENT_PATH: event,
      GITHUB_REPOSITORY: REPOSITORY,
      GITHUB_API_URL: github.url,
      ...variables,
    },
    log: (line) => lines.push(line),
  });
}

test('A break is told in a comment, on the page, in the outputs, and fails nothing.', async () => {
  await pullRequest({ 'migrations/2.sql': DROP });
  const { exitCode, outputs, summary, errors, masks } = await check();
  expect({ exitCode, errors, masks }).toEqual({
    exitCode: 0,
    errors: [],
    masks: ['token-of-the-job'],
  });
  expect(outputs).toMatchObject({ verdict: 'breaking', comment: 'created', code: '' });
  expect(JSON.parse(outputs['json'] ?? '')).toMatchObject({
    verdict: 'breaking',
    from: { tag: 'v1' },
    migrations: [{ file: 'migrations/2.sql', line: 1, kind: 'breaking' }],
  });
  const headline = 'This release cannot be rolled back to <code>v1</code> by application alone';
  expect(summary).toContain(headline);
  const [only, ...others] = await commentsNow();
  expect(others).toEqual([]);
  expect(only?.body.split('\n')[0]).toBe(MARK);
  expect(only?.body).toContain(headline);
  expect(only?.body).toContain('migrations/2.sql:1');
});

test('The same comment is kept up to date, and takes the break back when it is gone.', async () => {
  await pullRequest({ 'migrations/2.sql': DROP });
  await check();
  expect((await check()).outputs).toMatchObject({ comment: 'unchanged' });
  await git.commit('More', { 'migrations/3.sql': 'DROP TABLE users;\n' });
  expect((await check()).outputs).toMatchObject({ comment: 'updated' });
  const [more] = await commentsNow();
  expect(more?.body).toContain('migrations/3.sql:1');
  await git.git('rm', '--quiet', 'migrations/2.sql', 'migrations/3.sql');
  await git.commit('Safe', { 'migrations/2.sql': SAFE });
  expect((await check()).outputs).toMatchObject({ verdict: 'safe', comment: 'updated' });
  const [only, ...others] = await commentsNow();
  expect(others).toEqual([]);
  expect(only?.body).toContain('This release can be rolled back');
});

test('Without a break there is no comment.', async () => {
  await pullRequest({ 'migrations/2.sql': SAFE });
  const { exitCode, outputs } = await check({ 'fail-on': 'unclear' });
  expect({ exitCode, ...outputs }).toMatchObject({ exitCode: 0, verdict: 'safe', comment: 'none' });
  expect(await commentsNow()).toEqual([]);
});

test('Steps with names of their own keep a comment each.', async () => {
  await pullRequest({ 'migrations/2.sql': DROP });
  await check({ name: 'shop' });
  await check({ name: 'mail' });
  await check({ name: 'shop' });
  const marks = (await commentsNow()).map(({ body }) => body.split('\n')[0]);
  expect(marks).toEqual(['<!-- backout-audit: shop -->', '<!-- backout-audit: mail -->']);
});

test('Somebody else who writes our mark into a comment does not get ours.', async () => {
  await pullRequest({ 'migrations/2.sql': DROP });
  await ask('POST', '/issues/1/comments', { body: `${MARK}\nAll is well.` });
  github.use(async (call, next) =>
    call.operation === 'GET /user' ? { status: 200, body: { login: 'backout-bot' } } : await next(),
  );
  expect((await check()).outputs).toMatchObject({ comment: 'created' });
  const bodies = (await commentsNow()).map(({ body }) => body);
  expect(bodies).toHaveLength(2);
  expect(bodies[0]).toBe(`${MARK}\nAll is well.`);
});

test('The token of a workflow may not ask who it is: its comments are those of workflows.', async () => {
  await pullRequest({ 'migrations/2.sql': DROP });
  const login = 'github-actions[bot]';
  const body = `${MARK}\nFrom an earlier run.`;
  github.use(async (call, next) => {
    if (call.operation === 'GET /user') {
      return { status: 403, body: { message: 'Resource not accessible by integration' } };
    }
    if (call.operation !== `GET /repos/${REPOSITORY}/issues/1/comments`) return await next();
    return { status: 200, body: [{ id: 7, body, user: { login } }] };
  });
  const patched: string[] = [];
  github.use(async (call, next) => {
    if (call.method !== 'PATCH') return await next();
    patched.push(call.path);
    return { status: 200, body: {} };
  });
  expect((await check()).outputs).toMatchObject({ comment: 'updated' });
  expect(patched).toEqual([`/repos/${REPOSITORY}/issues/comments/7`]);
});

test('A pull request from a fork may not comment: the page has the result, and a warning says why.', async () => {
  await pullRequest({ 'migrations/2.sql': DROP });
  const denied = { status: 403, message: 'Resource not accessible by integration' };
  github.use(refuseNext(`POST /repos/${REPOSITORY}/issues/1/comments`, 1, denied));
  const { exitCode, outputs, summary, warnings } = await check();
  expect({ exitCode, ...outputs }).toMatchObject({
    exitCode: 0,
    verdict: 'breaking',
    comment: 'failed',
  });
  expect(summary).toContain('cannot be rolled back');
  expect(warnings.join('\n')).toContain('not accessible by integration');
  expect(warnings.join('\n')).toContain('pull-requests: write');
});

test('Without a token nobody is asked, and the page has the result.', async () => {
  await pullRequest({ 'migrations/2.sql': DROP });
  const { outputs, summary } = await check({ token: '' });
  expect(outputs).toMatchObject({ verdict: 'breaking', comment: 'none' });
  expect(summary).toContain('cannot be rolled back');
  expect(github.calls).toEqual([]);
});

test.each([
  ['never', DROP, 0],
  ['breaking', DROP, 1],
  ['unclear', DROP, 1],
  ['breaking', 'DO $$ BEGIN END $$;\n', 0],
  ['unclear', 'DO $$ BEGIN END $$;\n', 1],
])('With fail-on: %s, this ends with the right exit code: %s', async (failOn, sql, expected) => {
  await pullRequest({ 'migrations/2.sql': sql });
  const { exitCode, errors, warnings } = await check({ 'fail-on': failOn, comment: 'false' });
  expect(exitCode).toBe(expected);
  expect([errors.length, warnings.length]).toEqual(expected === 1 ? [1, 0] : [0, 1]);
  expect(github.calls).toEqual([]);
});

test('Names of files and SQL of anybody show as they are, and do nothing.', async () => {
  const sql = `DROP TABLE "@everyone <img src=x> [a](https://evil.example) | #1";\n`;
  await pullRequest({
    'migrations/2 ](https://evil.example) @acme | <b>.sql': sql,
    'migrations/3\n::error::x.sql': '::set-output name=x::y\n##[add-mask]z;\n',
  });
  const { outputs, summary, errors } = await check();
  expect(errors).toEqual([]);
  expect(outputs).toMatchObject({ verdict: 'breaking', comment: 'created' });
  const [only] = await commentsNow();
  for (const text of [only?.body ?? '', summary]) {
    const shown = text.replace(MARK, '').replaceAll(/<\/?code>/g, '');
    expect(shown).not.toMatch(/[<>@[\]`]|https?:\/\/|#\d(?!\d*;)/);
    // A host turns numbers into signs before it looks for people: something stands in between.
    expect(shown).not.toMatch(/&#(64|35);(?!&#8203;)/);
  }
  expect(lines.filter((line) => line.startsWith('::') || line.includes('##['))).toEqual([]);
});

test('A comment is never longer than GitHub takes, and ends with a whole line.', async () => {
  const statements = Array.from(
    { length: 60 },
    (_, at) => `DROP TABLE "${'～'.repeat(180)}${at}";`,
  );
  await pullRequest({ 'migrations/2.sql': statements.join('\n') });
  expect((await check()).outputs).toMatchObject({ comment: 'created' });
  const [only] = await commentsNow();
  expect(only?.body.length).toBeLessThan(65_536);
  expect(only?.body.trimEnd().split('\n').at(-1)).toContain('page of the run');
});

test('Where the base comes from no tag, the pull request alone is judged, and it says so.', async () => {
  await pullRequest({ 'migrations/2.sql': DROP });
  const base = (await git.git('rev-parse', 'v1^{commit}')).trim();
  await git.git('branch', 'base', base);
  const event = join(directory, 'event.json');
  await git.git('tag', '--delete', 'v1');
  await writeFile(event, JSON.stringify({ pull_request: { number: 1, base: { sha: base } } }));
  const { outputs } = await runAction({
    action: 'audit',
    inputs: {},
    workspace: git.directory,
    directory,
    actor: 'robin',
    variables: { ...git.env, GITHUB_EVENT_PATH: event },
    log: () => {},
  });
  const { verdict, from, notes } = z
    .object({
      verdict: z.string(),
      from: z.object({ commit: z.string() }),
      notes: z.array(z.string()),
    })
    .parse(JSON.parse(outputs['json'] ?? ''));
  expect({ verdict, from: from.commit }).toEqual({ verdict: 'breaking', from: base });
  expect(notes.join(' ')).toContain('no tag');
});

test.each([
  ['no migrations to be found', 'E_MIGRATIONS_NOT_FOUND', {}, {}],
  ['a release that is not there', 'E_TAG_NOT_FOUND', { from: 'v9' }, {}],
  ['a name with a mark in it', 'E_USAGE', { name: 'x -->' }, {}],
  ['an unknown verdict to fail on', 'E_USAGE', { 'fail-on': 'always' }, {}],
  ['no pull request, and nothing to compare with', 'E_USAGE', {}, { GITHUB_EVENT_PATH: '' }],
  ['a backout.yml that is not there', 'E_CONFIG_FILE', { config: 'no.yml' }, {}],
])('What cannot be checked fails, and says why: %s.', async (_, code, inputs, variables) => {
  await pullRequest({ 'other.txt': 'x' }, { 'README.md': 'no migrations' });
  const { exitCode, outputs, summary } = await check(inputs, variables);
  expect({ exitCode, code: outputs['code'] }).toEqual({ exitCode: 1, code });
  expect(summary).toContain(code.split('_')[0]);
  expect(github.calls).toEqual([]);
});

test('Patterns are one in a line; a service without migrations says so.', async () => {
  await pullRequest({ 'sql/2.sql': DROP, 'other/3.sql': DROP }, { 'sql/1.sql': USERS });
  const named = await check({ migrations: 'sql/*.sql\n\n  other  \n' });
  expect(named.outputs).toMatchObject({ verdict: 'breaking' });
  await pullRequest({ 'a.txt': 'x' }, { 'b.txt': 'y' });
  expect((await check({ none: 'true' })).outputs).toMatchObject({ verdict: 'safe' });
});
