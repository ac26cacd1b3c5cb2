/** What GitHub says of tags, branches and files of a repository. */

import * as z from 'zod';
import { classify } from './call-error.ts';
import { ownerAndName } from './client.ts';
import type { GitHubRepository } from './deployment-calls.ts';

const reference = z.object({ object: z.object({ type: z.string(), sha: z.string() }) });
const content = z.object({ content: z.string(), encoding: z.literal('base64') });

/** Tags of tags of tags: nobody does that, and it must end. */
const DEEPEST = 5;

/** Undefined for what is not there; every other failure is thrown. */
async function orMissing<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (classify(error, signal) === 'missing') return undefined;
    throw error;
  }
}

/** The commit that a tag stands for on GitHub; undefined when it is not there. */
export async function commitOfTag(
  { github, repository }: GitHubRepository,
  tag: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const named = ownerAndName(repository);
  const found = await orMissing(signal, () =>
    github.call({
      // The slashes of a tag belong to its name.
      route: 'GET /repos/{owner}/{repo}/git/ref/tags/{+tag}',
      parameters: { ...named, tag },
      answer: reference,
      signal,
    }),
  );
  let object = found?.object;
  for (let depth = 0; object?.type === 'tag' && depth < DEEPEST; depth += 1) {
    const inner = await github.call({
      route: 'GET /repos/{owner}/{repo}/git/tags/{tag_sha}',
      parameters: { ...named, tag_sha: object.sha },
      answer: reference,
      signal,
    });
    ({ object } = inner);
  }
  return object?.type === 'commit' ? object.sha : undefined;
}

export async function defaultBranch(
  { github, repository }: GitHubRepository,
  signal: AbortSignal,
): Promise<string> {
  const found = await github.call({
    route: 'GET /repos/{owner}/{repo}',
    parameters: ownerAndName(repository),
    answer: z.object({ default_branch: z.string() }),
    signal,
  });
  return found.default_branch;
}

/** A file at a commit or branch; undefined when it is not there. */
export async function fileAt(
  { github, repository }: GitHubRepository,
  path: string,
  ref: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = await orMissing(signal, () =>
    github.call({
      route: 'GET /repos/{owner}/{repo}/contents/{+path}',
      parameters: { ...ownerAndName(repository), path, ref },
      answer: content,
      signal,
    }),
  );
  return found === undefined ? undefined : Buffer.from(found.content, 'base64').toString('utf8');
}
