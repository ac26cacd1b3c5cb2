/**
 * GitHub's API for tests: `emulate`, a GitHub API server, with a small proxy in front. The proxy
 * writes down every call, checks what every call has to have (token, version, parameters), and lets
 * behaviours change what happens: what the server cannot do (github-actions.ts beside this file),
 * and what GitHub does on a bad day (`refuseNext`, `dropAfter`, …).
 *
 * What emulate 0.12.2 cannot do, tried out (test/support/github-server.test.ts holds it):
 * - Actions: a workflow file that is committed is no workflow; so there is no dispatch (404), no
 *   run, no job, no cancelling. `GET actions/runs` and `actions/workflows` answer, always empty.
 * - Deployments and their statuses, environments, variables: 404.
 * - Tokens: any token, and none at all, may read; nothing has permissions.
 * What it can, and what is passed on: repositories, refs, tags, commits, contents, pull requests,
 * issues, comments, labels, releases. It listens on `localhost`, not on 127.0.0.1 only.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createEmulator } from 'emulate';

/** One call as it came in. */
export interface GitHubCall {
  /** `GET repo`, `POST dispatches`: see ROUTES. Else method and path. */
  operation: string;
  method: string;
  path: string;
  query: Record<string, string>;
  body: Record<string, unknown>;
  /** Without the word in front; empty where there is none. */
  token: string;
}

/** What goes back; 'drop' closes the connection without an answer. */
export type GitHubAnswer =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | 'drop';

/** May answer itself, or ask the next one and change its answer; like a middleware. */
export type GitHubBehaviour = (
  call: GitHubCall,
  next: () => Promise<GitHubAnswer>,
  gone: AbortSignal,
) => Promise<GitHubAnswer>;

export interface GitHubServer extends AsyncDisposable {
  url: string;
  /** The server behind, for what a test arranges without being watched. */
  upstream: string;
  calls: GitHubCall[];
  of(operation: string): GitHubCall[];
  /** Puts a behaviour in front of all others. @returns what takes it away again */
  use(behaviour: GitHubBehaviour): () => void;
  /** From now on `shown` stands for the commit `real`, in all that goes in and out. */
  showCommit(shown: string, real: string): void;
}

export const OWNER = 'acme';
export const REPOSITORY = 'acme/shop';

/** @param behaviours the innermost last: they stay for the life of the server */
export async function startGitHub(behaviours: GitHubBehaviour[] = []): Promise<GitHubServer> {
  const emulator = await createEmulator({
    service: 'github',
    port: 0,
    seed: {
      github: {
        users: [{ login: OWNER }],
        repos: [{ owner: OWNER, name: 'shop', auto_init: true, default_branch: 'main' }],
      },
    },
  });
  const chain = [...behaviours];
  const calls: GitHubCall[] = [];
  const complaints: string[] = [];
  const shown = new Map<string, string>();
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      complaints.push(String(error));
      outgoing.writeHead(500).end(String(error));
    });
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const text = await readAll(incoming);
    const call = describe(incoming, text);
    calls.push(call);
    const wrong = whatIsWrong(incoming, call);
    if (wrong !== undefined) complaints.push(`${call.operation}: ${wrong}`);
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    const ask = chain.reduceRight<() => Promise<GitHubAnswer>>(
      (next, behaviour) => () => behaviour(call, next, gone.signal),
      () => forward(emulator.url, incoming, text, shown),
    );
    const answered = await ask();
    if (answered === 'drop') {
      incoming.socket.destroy();
      return;
    }
    const { status, body, headers } = answered;
    outgoing.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was assigned.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    upstream: emulator.url,
    calls,
    of: (operation) => calls.filter((call) => call.operation === operation),
    use(behaviour) {
      chain.unshift(behaviour);
      return () => {
        const at = chain.indexOf(behaviour);
        if (at >= 0) chain.splice(at, 1);
      };
    },
    showCommit(name, real) {
      shown.set(name, real);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await emulator.close();
      // A call that GitHub would not understand fails the test that made it.
      if (complaints.length > 0) throw new Error(`Wrong calls: ${complaints.join('; ')}`);
    },
  };
}

/** Method, path below the repository, and what we call it. */
const ROUTES: readonly (readonly [RegExp, string])[] = [
  [/^\/actions\/workflows\/[^/]+\/dispatches$/, 'dispatches'],
  [/^\/actions\/workflows\/[^/]+\/runs$/, 'runs'],
  [/^\/actions\/workflows\/[^/]+$/, 'workflow'],
  [/^\/actions\/runs\/\d+$/, 'run'],
  [/^\/actions\/runs\/\d+\/jobs$/, 'jobs'],
  [/^\/actions\/runs\/\d+\/cancel$/, 'cancel'],
  [/^\/deployments$/, 'deployments'],
  [/^\/deployments\/\d+\/statuses$/, 'statuses'],
  [/^\/git\/ref\/tags\/.+$/, 'tag'],
  [/^\/contents\/.+$/, 'contents'],
  [/^$/, 'repo'],
];

function describe(incoming: IncomingMessage, text: string): GitHubCall {
  const address = new URL(incoming.url ?? '/', 'http://here');
  const path = decodeURIComponent(address.pathname);
  const below = path.replace(`/repos/${REPOSITORY}`, '');
  const method = incoming.method ?? 'GET';
  const name = path.startsWith(`/repos/${REPOSITORY}`)
    ? ROUTES.find(([pattern]) => pattern.test(below))?.[1]
    : undefined;
  return {
    operation: `${method} ${name ?? path}`,
    method,
    path,
    query: Object.fromEntries(address.searchParams),
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    token: incoming.headers.authorization?.replace(/^(token|bearer) /i, '') ?? '',
  };
}

/** What real GitHub would not accept, or accept today only. */
function whatIsWrong(incoming: IncomingMessage, call: GitHubCall): string | undefined {
  if (call.token === '') return 'no token';
  if (incoming.headers['x-github-api-version'] !== '2022-11-28') return 'no version of the API';
  if (incoming.headers['user-agent'] === undefined) return 'no user agent';
  if (call.operation === 'POST dispatches') {
    const { ref, inputs, return_run_details: details, ...more } = call.body;
    if (typeof ref !== 'string' || ref === '') return 'no ref';
    if (typeof inputs !== 'object' || inputs === null) return 'no inputs';
    if (Object.values(inputs).some((value) => typeof value !== 'string'))
      return 'an input is no text';
    if (Object.keys(inputs).length > 25) return 'more than 25 inputs';
    if (details !== undefined && details !== true) return 'return_run_details is no true';
    if (Object.keys(more).length > 0) return `unknown: ${Object.keys(more).join(', ')}`;
  }
  const size = Number(call.query['per_page'] ?? 30);
  return size >= 1 && size <= 100 ? undefined : `a page of ${size}`;
}

async function forward(
  upstream: string,
  incoming: IncomingMessage,
  text: string,
  shown: ReadonlyMap<string, string>,
): Promise<GitHubAnswer> {
  const inward = (words: string): string => {
    let result = words;
    for (const [name, real] of shown) result = result.replaceAll(name, real);
    return result;
  };
  const body = inward(text);
  const { 'content-length': _, ...headers } = incoming.headers;
  const outgoing = request(new URL(inward(incoming.url ?? '/'), upstream), {
    method: incoming.method,
    headers: {
      ...headers,
      host: new URL(upstream).host,
      'content-length': Buffer.byteLength(body),
    },
  });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let answered = await readAll(response);
  for (const [name, real] of shown) answered = answered.replaceAll(real, name);
  const status = response.statusCode ?? 500;
  return answered === '' ? { status } : { status, body: JSON.parse(answered) as unknown };
}

async function readAll(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
