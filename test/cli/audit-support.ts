import * as z from 'zod';
import { gitFixture, type GitFixture } from '../adapters/git/git-fixture.ts';
import { callProgram, type Run } from './support.ts';

export type Files = Record<string, string>;

/** A repository with tags v1 and v2; undefined takes a file away. */
export async function repository(
  old: Files,
  added: Record<string, string | undefined>,
): Promise<GitFixture> {
  const git = await gitFixture();
  await git.commit('v1', { 'README.md': 'a service', ...old });
  await git.git('tag', 'v1');
  const gone = Object.keys(added).filter((path) => added[path] === undefined);
  for (const path of gone) await git.git('rm', '--quiet', '--', path);
  const files = Object.entries(added).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  await git.commit('v2', Object.fromEntries(files));
  await git.git('tag', 'v2');
  return git;
}

/** `backout audit` from v1 to v2. */
export const audit = (git: GitFixture, ...more: string[]): Promise<Run> =>
  callProgram(['audit', '--repo', git.directory, '--from', 'v1', '--to', 'v2', ...more], {
    cwd: '/',
    env: git.env,
  });

export const documentSchema = z.object({
  verdict: z.string(),
  from: z.object({ tag: z.string() }),
  to: z.object({ tag: z.string() }),
  first: z.string().optional(),
  notes: z.array(z.string()),
  folders: z.array(z.object({ folder: z.string(), tool: z.string(), added: z.number() })),
  migrations: z.array(
    z.object({
      file: z.string(),
      line: z.number(),
      statement: z.string(),
      kind: z.string(),
      why: z.string(),
    }),
  ),
  history: z.array(z.object({ file: z.string(), problem: z.string(), kind: z.string() })),
});

/** The answer for machines, checked against its shape, beside the exit code. */
export async function auditJson(git: GitFixture, ...more: string[]) {
  const run = await audit(git, ...more, '--json');
  return { code: run.code, ...documentSchema.parse(JSON.parse(run.stdout)) };
}

/** A migration that both releases may have, one that old code survives, and one that it does not. */
export const USERS = 'CREATE TABLE users (id int, name text);\n';
export const SAFE = 'ALTER TABLE users ADD COLUMN phone text;\n';
export const DROP = 'ALTER TABLE users DROP COLUMN name;\n';
