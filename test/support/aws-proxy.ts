/**
 * A small proxy in front of the AWS API server. It writes down every call with its parsed input,
 * and lets behaviours change what happens: what moto cannot do (aws-lambda.ts, aws-ecs.ts,
 * aws-ssm.ts beside this file), and what a cloud does on a bad day (`throttle`, `dropAfter`, …).
 *
 * What moto 5.2.5 cannot do, tried out:
 * - Lambda: UpdateAlias ignores RevisionId and never changes it; ListVersionsByFunction has one page.
 * - ECS: UpdateService leaves `deployments` as they were: there is no rollout, no steady state, no
 *   circuit breaker; services have no deploymentConfiguration.
 * - SSM: SendCommand runs nothing and always succeeds; there is no ListCommandInvocations and no
 *   DescribeInstanceInformation.
 */

import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';

/** One call of an SDK, as it came in. */
export interface AwsCall {
  service: string;
  /** As AWS names it: `UpdateAlias`, `DescribeServices`. */
  operation: string;
  /** The JSON body; for REST calls also `path`, and the parts of the query. */
  input: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  /** When it arrived, in milliseconds of `performance.now`. */
  at: number;
}

/** What goes back to the SDK; 'drop' closes the connection without an answer. */
export type AwsAnswer =
  | { status: number; body: unknown; error?: string; headers?: Record<string, string> }
  | 'drop';

/** May answer itself, or ask the next one and change its answer; like a middleware. */
export type Behaviour = (
  call: AwsCall,
  next: () => Promise<AwsAnswer>,
  gone: AbortSignal,
) => Promise<AwsAnswer>;

export interface AwsProxy extends AsyncDisposable {
  url: string;
  /** Every call in the order of arrival, the SDK's own repeats included. */
  calls: AwsCall[];
  /** Inputs of the calls of one operation. */
  inputs(operation: string): Record<string, unknown>[];
  /** The same, of those that AWS carried out, whether or not its answer arrived. */
  carriedOut(operation: string): Record<string, unknown>[];
  /** Puts a behaviour in front of all others. @returns what takes it away again */
  use(behaviour: Behaviour): () => void;
  /** Takes away all that was put in front. */
  calm(): void;
}

/** @param behaviours the innermost last: they stay for the life of the proxy */
export async function startAwsProxy(options: {
  upstream: string;
  behaviours?: Behaviour[];
}): Promise<AwsProxy> {
  const behaviours = [...(options.behaviours ?? [])];
  const innermost = behaviours.length;
  const calls: AwsCall[] = [];
  const carriedOut: AwsCall[] = [];
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      outgoing.writeHead(500).end(String(error));
    });
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const text = await readAll(incoming);
    const call = describe(incoming, text);
    calls.push(call);
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    const ask = behaviours.reduceRight<() => Promise<AwsAnswer>>(
      (next, behaviour) => () => behaviour(call, next, gone.signal),
      async () => {
        const made = await forward(options.upstream, incoming, text);
        if (made !== 'drop' && made.status < 300) carriedOut.push(call);
        return made;
      },
    );
    const answered = await ask();
    if (answered === 'drop') {
      incoming.socket.destroy();
      return;
    }
    const { status, body, error, headers } = answered;
    const shown = error === undefined ? body : { __type: error, Message: body, message: body };
    outgoing.writeHead(status, {
      'content-type': incoming.headers['content-type'] ?? 'application/json',
      ...(error === undefined ? {} : { 'x-amzn-errortype': error }),
      ...headers,
    });
    outgoing.end(JSON.stringify(shown));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was assigned.');
  const inputsOf = (all: readonly AwsCall[], operation: string) =>
    all.filter((call) => call.operation === operation).map(({ input }) => input);
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    inputs: (operation) => inputsOf(calls, operation),
    carriedOut: (operation) => inputsOf(carriedOut, operation),
    use(behaviour) {
      behaviours.unshift(behaviour);
      return () => {
        const at = behaviours.indexOf(behaviour);
        if (at >= 0) behaviours.splice(at, 1);
      };
    },
    calm() {
      behaviours.splice(0, behaviours.length - innermost);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * The next `times` calls of the operation are refused for coming too fast.
 * @param headers of the refusals, such as how long to wait
 */
export function throttle(
  operation: string,
  times: number,
  headers: Record<string, string> = {},
): Behaviour {
  let left = times;
  return (call, next) => {
    if (call.operation !== operation || left === 0) return next();
    left -= 1;
    const isRest = call.service === 'lambda';
    const error = isRest ? 'TooManyRequestsException' : 'ThrottlingException';
    return Promise.resolve({ status: isRest ? 429 : 400, body: 'Rate', error, headers });
  };
}

/** The next `times` calls are carried out, and the connection ends without an answer. */
export function dropAfter(operation: string, times: number): Behaviour {
  let left = times;
  return async (call, next) => {
    const answered = await next();
    if (call.operation !== operation || left === 0) return answered;
    left -= 1;
    return 'drop';
  };
}

/** The operation is carried out and never answers, until the caller goes away. */
export function holdAfter(
  operation: string,
  applies: (call: AwsCall) => boolean = () => true,
): Behaviour {
  return async (call, next, gone) => {
    const answered = await next();
    if (call.operation !== operation || !applies(call)) return answered;
    await untilGone(gone);
    return 'drop';
  };
}

/** The operation never answers and does nothing, until the caller goes away. */
export function hold(
  operation: string,
  applies: (call: AwsCall) => boolean = () => true,
): Behaviour {
  return async (call, next, gone) => {
    if (call.operation !== operation || !applies(call)) return await next();
    await untilGone(gone);
    return 'drop';
  };
}

async function untilGone(gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  await new Promise((resolve) => gone.addEventListener('abort', resolve, { once: true }));
}

/** Something happens right before the next call of the operation: somebody else was quicker. */
export function before(operation: string, happens: () => Promise<void>): Behaviour {
  let done = false;
  return async (call, next) => {
    if (call.operation === operation && !done) {
      done = true;
      await happens();
    }
    return await next();
  };
}

/** Every call of the operation is refused with this error. */
export function refuse(operation: string, status: number, error: string, body = error): Behaviour {
  return (call, next) =>
    call.operation === operation ? Promise.resolve({ status, error, body }) : next();
}

/** Method, path without version, and what AWS calls it. */
const LAMBDA_ROUTES: readonly (readonly [string, RegExp, string])[] = [
  ['GET', /^\/functions\/[^/]+\/aliases\/[^/]+$/, 'GetAlias'],
  ['PUT', /^\/functions\/[^/]+\/aliases\/[^/]+$/, 'UpdateAlias'],
  ['POST', /^\/functions\/[^/]+\/aliases$/, 'CreateAlias'],
  ['GET', /^\/functions\/[^/]+\/versions$/, 'ListVersionsByFunction'],
  ['POST', /^\/functions\/[^/]+\/versions$/, 'PublishVersion'],
  ['GET', /^\/functions\/[^/]+\/configuration$/, 'GetFunctionConfiguration'],
  ['PUT', /^\/functions\/[^/]+\/code$/, 'UpdateFunctionCode'],
  ['POST', /^\/functions$/, 'CreateFunction'],
  ['GET', /^\/tags\/.+$/, 'ListTags'],
  ['POST', /^\/tags\/.+$/, 'TagResource'],
];

function describe(incoming: IncomingMessage, text: string): AwsCall {
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const at = performance.now();
  const target = incoming.headers['x-amz-target'];
  if (typeof target === 'string') {
    const [prefix = '', operation = ''] = target.split('.');
    const service = prefix.includes('ContainerService') ? 'ecs' : prefix.toLowerCase();
    const named = service === 'amazonssm' ? 'ssm' : service;
    return { service: named, operation, input: body, headers: incoming.headers, at };
  }
  const address = new URL(incoming.url ?? '/', 'http://here');
  const path = address.pathname.replace(/^\/\d{4}-\d{2}-\d{2}/, '').replace(/\/$/, '');
  const route = LAMBDA_ROUTES.find(
    ([method, pattern]) => method === incoming.method && pattern.test(path),
  );
  const query = Object.fromEntries(address.searchParams);
  return {
    service: 'lambda',
    operation: route?.[2] ?? `${incoming.method} ${path}`,
    input: { path, ...query, ...body },
    headers: incoming.headers,
    at,
  };
}

async function forward(
  upstream: string,
  incoming: IncomingMessage,
  text: string,
): Promise<AwsAnswer> {
  const address = new URL(incoming.url ?? '/', upstream);
  const headers = { ...incoming.headers, host: address.host };
  const outgoing = request(address, { method: incoming.method, headers });
  outgoing.end(text);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const body = await readAll(response);
  const error = response.headers['x-amzn-errortype'];
  const parsed: unknown = body === '' ? {} : JSON.parse(body);
  const status = response.statusCode ?? 500;
  if (typeof error !== 'string') return { status, body: parsed };
  const said = parsed as { Message?: string; message?: string };
  return { status, error, body: said.Message ?? said.message ?? '' };
}

async function readAll(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
