/** A repository on GitHub with a deploy workflow, and commits that look like those of a test. */

import { connectGitHub, type GitHub } from '../../src/adapters/github/client.ts';
import { randomIds } from '../../src/adapters/random-ids.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { ReleaseRef } from '../../src/ports/target.ts';
import { type GitHubActions, gitHubActions } from './github-actions.ts';
import { type GitHubServer, REPOSITORY, startGitHub } from './github-server.ts';

export const TOKEN = 'token-of-backout';
/** Who Backout is in tests, as GitHub calls it. */
export const BACKOUT_LOGIN = 'backout-bot';
export const FILE = 'deploy.yml';

/** What the team's workflow looks like; `run-name` and inputs as docs/targets.md recommends. */
export const WORKFLOW = `
name: Deploy
run-name: Deploy \${{ inputs.tag }} to \${{ inputs.environment }} \${{ inputs.backout }}
on:
  workflow_dispatch:
    inputs:
      tag: { required: true }
      environment: { required: true }
      backout: { required: false }
jobs: {}
`;

export interface GitHubFixture extends AsyncDisposable {
  server: GitHubServer;
  actions: GitHubActions;
  github: GitHub;
  /** Commits the workflow file and tags it, as a team's release does. */
  publish(release: ReleaseRef, workflow?: string | null): Promise<void>;
}

/** @param answerMs longest wait for one answer of GitHub */
export async function gitHubFixture({ answerMs = 5_000 } = {}): Promise<GitHubFixture> {
  const actions = gitHubActions();
  const server = await startGitHub([actions.behaviour]);
  actions.callers.set(TOKEN, {
    login: BACKOUT_LOGIN,
    permissions: { actions: 'write', contents: 'read', deployments: 'read' },
  });
  actions.workflows.set(FILE, { file: FILE, state: 'active', texts: new Map() });
  const place = { apiUrl: server.url, token: TOKEN, clock: systemClock, ids: randomIds, answerMs };

  async function arrange(method: string, path: string, body?: object): Promise<unknown> {
    const answered = await fetch(`${server.upstream}/repos/${REPOSITORY}${path}`, {
      method,
      headers: { authorization: 'token somebody', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answered.ok) throw new Error(`${method} ${path}: ${answered.status}`);
    return answered.status === 204 ? undefined : await answered.json();
  }

  /** A new commit on main, with the workflow as given. @returns its real name */
  async function commit(text: string | null): Promise<string> {
    const path = `/contents/.github/workflows/${FILE}`;
    const known = await arrange('GET', path).catch(() => undefined);
    const sha = (known as { sha?: string } | undefined)?.sha;
    const message = 'Release';
    if (text === null) {
      if (sha !== undefined) await arrange('DELETE', path, { message, sha, branch: 'main' });
    } else {
      // The server makes no commit for a file that stays the same.
      const content = Buffer.from(`${text}# ${Math.random()}\n`).toString('base64');
      const more = sha === undefined ? {} : { sha };
      await arrange('PUT', path, { message, content, branch: 'main', ...more });
    }
    const head = (await arrange('GET', '/git/ref/heads/main')) as { object: { sha: string } };
    return head.object.sha;
  }

  return {
    server,
    actions,
    github: connectGitHub(place),
    async publish({ tag, commit: shown }, workflow = WORKFLOW) {
      const real = await commit(workflow);
      const isMoved = actions.refs.has(tag);
      const ref = { sha: real };
      if (isMoved) await arrange('PATCH', `/git/refs/tags/${tag}`, { ...ref, force: true });
      else await arrange('POST', '/git/refs', { ...ref, ref: `refs/tags/${tag}` });
      server.showCommit(shown, real);
      actions.refs.set(tag, shown).set('main', shown);
      if (workflow !== null) actions.workflows.get(FILE)?.texts.set(shown, workflow);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
