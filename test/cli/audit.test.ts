/** What `backout audit` says of real repositories, refuses, or leaves to a person. */
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitFixture, type GitFixture } from '../adapters/git/git-fixture.ts';
import {
  audit,
  auditJson,
  documentSchema,
  DROP,
  repository,
  SAFE,
  USERS,
} from './audit-support.ts';
import { callProgram, type Run } from './support.ts';

describe('What is refused or left to a person', () => {
  test('The first breaking statement is named with file and line, and nothing is written.', async () => {
    await using git = await repository(
      { 'migrations/1_a.sql': USERS },
      { 'migrations/2_b.sql': `${SAFE}\n-- a comment; with a semicolon\n${DROP}` },
    );
    const run = await audit(git);
    expect(run.code).toBe(4);
    expect(run.stdout).toContain('BREAKING');
    expect(run.stdout).toContain('migrations/2_b.sql:4: ALTER TABLE users DROP COLUMN');
    expect(await git.git('status', '--porcelain')).toBe('');
  });

  test('The other order is understood, and said.', async () => {
    await using git = await repository({ 'migrations/1.sql': USERS }, { 'migrations/2.sql': SAFE });
    const run = await callProgram(
      ['audit', '--repo', git.directory, '--from', 'v2', '--to', 'v1', '--json'],
      { cwd: '/', env: git.env },
    );
    const found = documentSchema.parse(JSON.parse(run.stdout));
    expect(found).toMatchObject({ from: { tag: 'v1' }, to: { tag: 'v2' }, verdict: 'safe' });
    expect(found.notes.join(' ')).toContain('v2 is the newer one');
  });

  test('Releases of two branches are compared as given; what the live one lacks needs a human.', async () => {
    await using git = await gitFixture();
    const base = await git.commit('base', { 'migrations/1.sql': USERS });
    await git.commit('one', { 'migrations/2.sql': SAFE });
    await git.git('tag', 'v1');
    await git.git('checkout', '--quiet', base);
    await git.commit('other', { 'migrations/3.sql': 'SELECT 1;' });
    await git.git('tag', 'v2');
    const found = await auditJson(git);
    expect(found).toMatchObject({
      code: 4,
      verdict: 'needs-a-human',
      history: [{ problem: 'deleted' }],
    });
    expect(found.notes.join(' ')).toContain('Neither release came out of the other');
  });

  test('Edited, deleted and moved migrations, double and low numbers are told.', async () => {
    const old = {
      'migrations/10_edited.sql': USERS,
      'migrations/11_comment.sql': 'CREATE TABLE c (id int);\n',
      'migrations/12_deleted.sql': 'CREATE TABLE d (id int);\n',
      'migrations/13_moved.sql': 'CREATE TABLE m (id int);\n',
    };
    await using git = await repository(old, {
      'migrations/10_edited.sql': `${USERS}CREATE TABLE more (id int);`,
      'migrations/11_comment.sql': '-- now with a comment\nCREATE TABLE c\n (id int);\n',
      'migrations/12_deleted.sql': undefined,
      'migrations/13_moved.sql': undefined,
      'migrations/14_moved.sql': 'CREATE TABLE m (id int);\n',
      'migrations/14_double.sql': 'CREATE TABLE e (id int);\n',
      'migrations/2_low.sql': 'CREATE TABLE f (id int);\n',
    });
    const found = await auditJson(git);
    expect(found).toMatchObject({ code: 4, verdict: 'needs-a-human' });
    const problems = found.history.map(({ file, problem }) => [
      file.slice('migrations/'.length),
      problem,
    ]);
    expect(problems.toSorted(([a = ''], [b = '']) => a.localeCompare(b))).toEqual([
      ['10_edited.sql', 'edited'],
      ['11_comment.sql', 'layout-edited'],
      ['12_deleted.sql', 'deleted'],
      ['13_moved.sql', 'moved'],
      ['14_moved.sql', 'duplicate-version'],
      ['2_low.sql', 'out-of-order'],
    ]);
  });

  test('A repeatable migration of Flyway runs again when it changed, and is judged as it is now.', async () => {
    const path = 'db/migration/R__view.sql';
    await using git = await repository(
      { [path]: 'CREATE OR REPLACE VIEW v AS SELECT 1;' },
      { [path]: 'DROP VIEW v;' },
    );
    expect(await auditJson(git)).toMatchObject({
      verdict: 'breaking',
      history: [],
      migrations: [{ file: path }],
    });
  });

  test('Each folder is judged on its own: another database may have a table of that name.', async () => {
    await using git = await repository(
      { 'a/migrations/1.sql': 'SELECT 1;', 'b/migrations/1.sql': 'SELECT 1;' },
      { 'a/migrations/2.sql': 'CREATE TABLE t (id int);', 'b/migrations/2.sql': 'DROP TABLE t;' },
    );
    expect(await auditJson(git)).toMatchObject({ verdict: 'breaking' });
  });

  test.each([
    ['Ruby', 'db/migrate/20250102_x.rb', 'class X; end'],
    ['Python', 'app/migrations/0002_x.py', 'x = 1'],
    ['a revision of Alembic', 'alembic/versions/ae1027a6acf_x.py', 'x = 1'],
    ['Java of Flyway', 'db/migration/V2__x.java', 'class X {}'],
    ['a class of TypeORM', 'migrations/1700000000000-x.ts', 'export class X1 { async up() {} }'],
    ['a down file alone', 'migrate/2_x.down.sql', 'SELEC 1'],
    ['not UTF-8', 'migrations/2_x.sql', 'binary'],
    ['too large', 'migrations/2_x.sql', 'large'],
    ['NUL', 'migrations/2_x.sql', 'SELECT 1;\0 DROP TABLE users;'],
    ['a truncated file', 'migrations/2_x.sql', 'CREATE TABLE x (id int'],
  ])('%s needs a human', async (_, path, content) => {
    await using git = await repository({ 'migrations/1_a.sql': USERS }, {});
    const file = join(git.directory, path);
    await git.commit('files', { [path]: content });
    if (content === 'binary') await writeFile(file, Buffer.from([0x53, 0xff, 0xfe, 0x80]));
    if (content === 'large') await writeFile(file, `-- ${'x'.repeat(5 * 1024 * 1024)}\nSELECT 1;`);
    await git.commit('content');
    await git.git('tag', '--force', 'v2');
    const found = await auditJson(git);
    expect(found).toMatchObject({ code: 4, verdict: 'needs-a-human' });
    expect(found.migrations[0]).toMatchObject({ file: path, kind: 'needs-a-human' });
    expect(found.migrations[0]?.why).not.toBe('');
  });

  test('Links are not followed, neither to a file nor in the place of the folder.', async () => {
    await using git = await repository(
      { 'migrations/1_a.sql': USERS, 'elsewhere/x.sql': DROP },
      {},
    );
    await symlink('../elsewhere/x.sql', join(git.directory, 'migrations/2_x.sql'));
    await symlink('elsewhere', join(git.directory, 'drizzle'));
    await git.commit('links');
    await git.git('tag', '--force', 'v2');
    const found = await auditJson(git);
    expect(found.verdict).toBe('needs-a-human');
    expect(found.migrations.map(({ file }) => file)).toEqual(['drizzle', 'migrations/2_x.sql']);
  });

  test('Migrations for another database are not judged by the rules of PostgreSQL.', async () => {
    await using git = await repository(
      { 'prisma/migrations/migration_lock.toml': 'provider = "mysql"' },
      { 'prisma/migrations/1_a/migration.sql': SAFE },
    );
    const found = await auditJson(git);
    expect(found).toMatchObject({ verdict: 'needs-a-human' });
    expect(found.first).toContain('mysql');
  });

  test('Code beside the migrations, READMEs and lock files are no migrations.', async () => {
    await using git = await repository(
      { 'migrations/1_a.sql': USERS },
      {
        'migrations/README.md': 'text',
        'migrations/atlas.sum': 'h1:',
        'migrations/run.ts': 'export const run = () => 1;',
        'migrations/2_b.sql': SAFE,
        'test/migrations/3_c.sql': DROP,
      },
    );
    expect(await auditJson(git)).toMatchObject({
      verdict: 'safe',
      migrations: [{ file: 'migrations/2_b.sql' }],
    });
  });
});

describe('Wrong use', () => {
  let git: GitFixture;
  beforeAll(async () => {
    git = await repository({ 'src/a.ts': '1' }, { 'other/1.sql': DROP });
  });
  afterAll(() => git[Symbol.asyncDispose]());

  const call = (...args: string[]): Promise<Run> =>
    callProgram(['audit', '--repo', git.directory, ...args], { cwd: '/', env: git.env });

  test('Nothing found is refused, and not called safe.', async () => {
    const run = await call('--from', 'v1', '--to', 'v2');
    expect(run).toMatchObject({ code: 4, stdout: '' });
    expect(run.stderr).toContain('E_MIGRATIONS_NOT_FOUND');
    expect(run.stderr).toContain('--none');
  });

  test('Unless it is said that there are none.', async () => {
    expect(await call('--from', 'v1', '--to', 'v2', '--none')).toMatchObject({ code: 0 });
  });

  test('Saying that there are none does not hide those that are there.', async () => {
    await using other = await repository({}, { 'migrations/1.sql': DROP });
    expect(await auditJson(other, '--none')).toMatchObject({ code: 4, verdict: 'breaking' });
  });

  test('A pattern that matches nothing is wrong usage.', async () => {
    const run = await call('--from', 'v1', '--to', 'v2', '--migrations', 'db/**/*.sql');
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('E_MIGRATIONS_NOT_FOUND');
  });

  test.each(['other/*.sql', 'other', './other/', '**/*.sql', '.'])(
    'Patterns count from the root of the repository: %s',
    async (pattern) => {
      const run = await call('--from', 'v1', '--to', 'v2', '--migrations', pattern, '--json');
      expect(JSON.parse(run.stdout)).toMatchObject({ verdict: 'breaking' });
    },
  );

  test.each([
    ['no such tag', 'v1', 'v3', 2, 'E_TAG_NOT_FOUND'],
    ['an option', 'v1', '--all', 2, 'E_TAG_FORMAT'],
    ['a path', '../v1', 'v2', 2, 'E_TAG_FORMAT'],
    ['an expression of git', 'v2~1', 'v2', 2, 'E_TAG_FORMAT'],
    ['a file in a tag', 'v1:src', 'v2', 2, 'E_TAG_FORMAT'],
    ['nothing', '', 'v2', 2, 'E_TAG_FORMAT'],
  ])('%s in the place of a tag', async (_, from, to, code, error) => {
    const run = await call(`--from=${from}`, `--to=${to}`);
    expect(run.code).toBe(code);
    expect(run.stderr).toContain(error);
  });

  test('A tag is needed.', async () => {
    expect(await call('--from', 'v1')).toMatchObject({ code: 2 });
  });

  test('A folder that is no repository is said to be none.', async () => {
    const run = await callProgram(['audit', '--repo', '/', '--from', 'v1', '--to', 'v2'], {
      cwd: '/',
      env: git.env,
    });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('not a git repository');
  });

  test('A clone without the tag says how to get it.', async () => {
    const clone = join(git.directory, '..', 'clone');
    await git.git('clone', '--quiet', '--depth=1', '--no-tags', `file://${git.directory}`, clone);
    const run = await callProgram(['audit', '--repo', clone, '--from', 'v1', '--to', 'HEAD'], {
      cwd: '/',
      env: git.env,
    });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('E_SHALLOW');
  });

  test('Branches and commits can be named too.', async () => {
    const commit = await git.git('rev-parse', 'v1');
    expect(await call('--from', commit, '--to', 'main', '--none')).toMatchObject({ code: 0 });
  });
});

test('The comment for a pull request can do nothing but be read.', async () => {
  await using git = await repository(
    { 'migrations/1_a.sql': USERS },
    { 'migrations/2_<b>|@all.sql': 'DROP TABLE "x|y`](http://evil) <img src=x> @team";\n' },
  );
  const run = await audit(git, '--format', 'markdown');
  expect(run.code).toBe(4);
  expect(run.stdout).toContain('cannot be rolled back to <code>v1</code> by application alone');
  expect(run.stdout).not.toMatch(/<img|@team|@all|\]\(|http:\/\/|x\|y/);
});
