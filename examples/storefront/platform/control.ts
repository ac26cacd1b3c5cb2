import { type IncomingMessage, type Server, createServer } from 'node:http';
import { DeployError, STATUS_OF_REASON } from './deploy-error.ts';
import { countOf, textOf } from './json.ts';
import type { ReleaseRequest, Releases } from './releases.ts';

/**
 * The supervisor's own door, for deploy.ts: `POST /release`, `GET /current`, `GET /ready`. Only who can read the
 * token in the state folder gets in: any program on the machine can reach a loopback port.
 */
export function createControl(releases: Releases, token: string): Server {
  return createServer((request, response) => {
    const reply = (status: number, body: Record<string, unknown>): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const gone = new AbortController();
    // A caller that was killed must not have its deployment made behind its back.
    response.once('close', () => gone.abort());
    if (request.headers.authorization !== `Bearer ${token}`) {
      reply(401, { error: 'wrong token' });
      return;
    }
    answer(request, releases, gone.signal).then(
      (body) => reply(200, body),
      (error: unknown) => {
        const reason = error instanceof DeployError ? error.reason : 'failed';
        const message = error instanceof Error ? error.message : String(error);
        reply(STATUS_OF_REASON[reason], { error: message });
      },
    );
  });
}

async function answer(
  request: IncomingMessage,
  releases: Releases,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  if (request.method === 'POST' && request.url === '/release') {
    const wanted = await readRequest(request);
    await releases.release(wanted, signal);
    return { ...wanted };
  }
  if (request.url === '/ready') return {};
  const live = releases.live();
  if (live === undefined) throw new DeployError('temporary', 'no release is live');
  return { tag: live.tag, commit: live.commit };
}

async function readRequest(request: IncomingMessage): Promise<ReleaseRequest> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  const value: unknown = JSON.parse(text);
  return {
    tag: textOf(value, 'tag'),
    commit: textOf(value, 'commit'),
    fence: countOf(value, 'fence'),
    incident: textOf(value, 'incident'),
  };
}
