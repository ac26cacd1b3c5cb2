/** What `emulate` can do and cannot, as the head of github-server.ts says it. */

import { expect, it } from 'vitest';
import { refusal } from './github-faults.ts';
import { REPOSITORY, startGitHub } from './github-server.ts';

const HEADERS = {
  authorization: 'token any',
  'content-type': 'application/json',
  'x-github-api-version': '2022-11-28',
};

/** Commits a workflow on the server behind, and asks it for a path of that repository. */
async function statusOf(method: string, path: string, body?: object): Promise<number> {
  await using server = await startGitHub();
  const at = `${server.upstream}/repos/${REPOSITORY}`;
  const content = Buffer.from('on: workflow_dispatch\njobs: {}\n').toString('base64');
  const file = JSON.stringify({ message: 'Add it', content, branch: 'main' });
  const put = { method: 'PUT', headers: HEADERS, body: file };
  const committed = await fetch(`${at}/contents/.github/workflows/deploy.yml`, put);
  expect(committed.status).toBe(201);
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return (
    await fetch(`${server.url}/repos/${REPOSITORY}${path}`, { method, headers: HEADERS, ...sent })
  ).status;
}

it.each([
  ['GET', '/actions/workflows/deploy.yml'],
  ['GET', '/actions/workflows/deploy.yml/runs'],
  ['GET', '/actions/runs/1'],
  ['GET', '/actions/runs/1/jobs'],
  ['POST', '/actions/runs/1/cancel'],
  ['GET', '/deployments'],
  ['GET', '/deployments/1/statuses'],
  ['GET', '/environments'],
  ['GET', '/actions/variables'],
])('The server behind has no %s %s, even with a workflow committed.', async (method, path) => {
  expect(await statusOf(method, path)).toBe(404);
});

it('The server behind starts no workflow that was committed.', async () => {
  const path = '/actions/workflows/deploy.yml/dispatches';
  expect(await statusOf('POST', path, { ref: 'main', inputs: {} })).toBe(404);
});

it.each([
  [''],
  ['/git/ref/heads/main'],
  ['/contents/.github/workflows/deploy.yml?ref=main'],
  ['/pulls'],
  ['/issues'],
])('The server behind answers GET %s, and it is passed on.', async (path) => {
  expect(await statusOf('GET', path)).toBe(200);
});

it('A call that GitHub would not understand fails the test that made it.', async () => {
  const server = await startGitHub([
    (call, next) =>
      call.operation === 'GET repo'
        ? Promise.resolve(refusal({ status: 418, message: '' }))
        : next(),
  ]);
  await fetch(`${server.url}/repos/${REPOSITORY}`);
  await expect(server[Symbol.asyncDispose]()).rejects.toThrow('no token');
});
