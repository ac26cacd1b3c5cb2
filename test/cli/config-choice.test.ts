import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { gitFixture } from '../adapters/git/git-fixture.ts';
import { bareVariables, callProgram, type Run } from './support.ts';

const configOf = (service: string): string => `service: ${service}\nenvironments:\n  laptop: {}\n`;
const PUBLISHED = configOf('published');

/** A repository whose default branch has {@link PUBLISHED}. */
async function repository() {
  const git = await gitFixture();
  await git.commit('First', { 'backout.yml': configOf('first') });
  await git.git('tag', 'v1.0.0');
  await git.commit('Second', { 'backout.yml': PUBLISHED, 'deep/down/note': 'x' });
  return git;
}

async function check(cwd: string, ...args: string[]): Promise<Run> {
  return await callProgram(['check', '--json', ...args], { cwd, env: bareVariables() });
}

/** The service and the hash of the configuration that counted. */
function counted({ code, stdout }: Run): { service: string; hash: string } {
  expect(code).toBe(0);
  return z.object({ service: z.string(), hash: z.string() }).parse(JSON.parse(stdout));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

test('The default branch counts while an older tag is checked out, and a notice says so.', async () => {
  await using git = await repository();
  await git.git('checkout', '--quiet', 'v1.0.0');
  const run = await check(git.directory);
  expect(counted(run)).toEqual({ service: 'published', hash: hashOf(PUBLISHED) });
  expect(run.stderr.replaceAll(/\s+/g, ' ')).toContain(
    'Using backout.yml of main; the one in this folder differs and does not count.',
  );
});

test('The default branch counts while another branch is checked out.', async () => {
  await using git = await repository();
  await git.git('checkout', '--quiet', '-b', 'feature');
  await git.commit('Try', { 'backout.yml': configOf('feature') });
  expect(counted(await check(git.directory)).service).toBe('published');
});

test('The default branch counts over a change in the work tree, staged or not.', async () => {
  await using git = await repository();
  await writeFile(join(git.directory, 'backout.yml'), configOf('changed'));
  expect(counted(await check(git.directory)).service).toBe('published');
  await git.git('add', '--all');
  expect(counted(await check(git.directory)).service).toBe('published');
});

test('There is no notice when the file here is the one that counts.', async () => {
  await using git = await repository();
  const run = await check(git.directory);
  expect(counted(run).service).toBe('published');
  expect(run.stderr).toBe('');
});

test('It is found from a folder below.', async () => {
  await using git = await repository();
  expect(counted(await check(join(git.directory, 'deep/down'))).service).toBe('published');
});

test('A broken file in the work tree keeps nobody from the one that counts.', async () => {
  await using git = await repository();
  await writeFile(join(git.directory, 'backout.yml'), 'service: [');
  const run = await check(git.directory);
  expect(run.stderr).toContain('does not count');
  // It counts for nobody, but whoever is editing it hears that it is broken.
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('E_CONFIG');
  expect(counted({ ...run, code: 0 }).service).toBe('published');
});

test("The remote's default branch counts over the local one, which may be behind or ahead.", async () => {
  await using origin = await repository();
  await using git = await gitFixture();
  await git.git('remote', 'add', 'origin', origin.directory);
  await git.git('fetch', '--quiet', 'origin');
  await git.git('reset', '--quiet', '--hard', 'origin/main');
  await git.commit('Not pushed', { 'backout.yml': configOf('local') });
  const run = await check(git.directory);
  expect(counted(run).service).toBe('published');
  expect(run.stderr).toContain('origin/main');
});

test('The remote says which branch is the default; a branch cannot name itself.', async () => {
  await using git = await gitFixture();
  await git.git('checkout', '--quiet', '-b', 'trunk');
  await git.commit('First', { 'backout.yml': PUBLISHED });
  const clone = join(git.directory, '../clone');
  await git.git('clone', '--quiet', git.directory, clone);
  await git.git('-C', clone, 'checkout', '--quiet', '-b', 'evil');
  const evil = `${configOf('evil')}repository: { default_branch: evil }\n`;
  await writeFile(join(clone, 'backout.yml'), evil);
  await git.git('-C', clone, 'commit', '--quiet', '--all', '--message', 'Take over');
  expect(counted(await check(clone)).service).toBe('published');
});

test('A clone of a tag alone does not know which file counts: only check and emergency go on.', async () => {
  await using git = await repository();
  const clone = join(git.directory, '../tag');
  const url = `file://${git.directory}`;
  await git.git('clone', '--quiet', '--depth', '1', '--branch', 'v1.0.0', url, clone);
  const options = { cwd: clone, env: bareVariables() };
  const refused = await callProgram(['flags', 'list', '--json'], options);
  expect(refused.code).toBe(4);
  expect(refused.stdout).toContain('E_CONFIG_UNPUBLISHED');
  const run = await check(clone);
  expect(counted(run).service).toBe('first');
  expect(run.stderr).toContain('not published');
  const emergency = await callProgram(['emergency', '--json'], options);
  expect(emergency.stdout).not.toContain('E_CONFIG_UNPUBLISHED');
  expect(emergency.stderr).toContain('not published');
});

test('--config wins over the default branch.', async () => {
  await using git = await repository();
  const file = join(git.directory, 'other.yml');
  await writeFile(file, configOf('other'));
  expect(counted(await check(git.directory, '--config', 'other.yml')).service).toBe('other');
  expect(counted(await check(git.directory, `--config=${file}`)).service).toBe('other');
});

test('Outside a git repository the file itself counts; a new file in a repository too.', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'backout-plain-'));
  try {
    await writeFile(join(folder, 'backout.yml'), configOf('plain'));
    expect(counted(await check(folder)).service).toBe('plain');
  } finally {
    await rm(folder, { recursive: true });
  }
  await using git = await gitFixture();
  await git.commit('No configuration yet');
  await writeFile(join(git.directory, 'backout.yml'), configOf('new'));
  expect(counted(await check(git.directory)).service).toBe('new');
});

test('A broken default branch is an error, with its name in every line; the work tree does not help.', async () => {
  await using git = await gitFixture();
  await git.commit('Broken', { 'backout.yml': 'service: 7\n' });
  await writeFile(join(git.directory, 'backout.yml'), PUBLISHED);
  const run = await check(git.directory);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('main:backout.yml:1:');
});
