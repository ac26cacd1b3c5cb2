/** One HTTP request on a connection of its own, with every side of it bounded. */

import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';

export interface HttpRequest {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  /** From connecting to the last byte. */
  timeoutMs: number;
  /** Bytes of the body that are kept; the rest is not read. */
  maxBytes: number;
  signal?: AbortSignal | undefined;
}

export type HttpResult =
  | {
      answered: true;
      status: number;
      headers: IncomingMessage['headers'];
      /** UTF-8; undefined when it is compressed, which we asked not to be. */
      body: string | undefined;
      /** `cut`: longer than `maxBytes`. `broken`: it ended, or time did, before its end. */
      end: 'complete' | 'cut' | 'broken';
      /** With `broken`, when it was us who stopped reading: why, as the end of a sentence. */
      stopped?: string | undefined;
      durationMs: number;
    }
  /** No status line came: nothing is known about the service. */
  | { answered: false; problem: string; durationMs: number };

/**
 * Never throws, never follows a redirect. No connection is reused: a kept one may belong to the
 * process that was just replaced, and its reset would look like an illness of the new one.
 */
export function requestOnce(wanted: HttpRequest): Promise<HttpResult> {
  const start = performance.now();
  const elapsed = (): number => Math.round(performance.now() - start);
  const timeout = AbortSignal.timeout(wanted.timeoutMs);
  const signal = wanted.signal === undefined ? timeout : AbortSignal.any([timeout, wanted.signal]);
  const whyStopped = (): string | undefined => {
    if (timeout.aborted) return `did not end within ${wanted.timeoutMs} ms`;
    return signal.aborted ? 'was stopped before its end' : undefined;
  };
  return new Promise((resolve) => {
    const fail = (error: unknown): void => {
      const problem = timeout.aborted
        ? `no answer within ${wanted.timeoutMs} ms`
        : signal.aborted
          ? 'it was stopped before an answer came'
          : explain(error);
      resolve({ answered: false, problem, durationMs: elapsed() });
    };
    try {
      const begin = wanted.url.protocol === 'https:' ? requestTls : requestPlain;
      const outgoing = begin(wanted.url, {
        method: wanted.method,
        agent: false,
        signal,
        headers: { 'accept-encoding': 'identity', 'user-agent': 'backout', ...wanted.headers },
      });
      let responding = false;
      // After the status line the answer itself says how it ended, and must not become "no answer".
      const failBefore = (error: unknown): void => {
        if (!responding) fail(error);
      };
      outgoing.on('error', failBefore);
      outgoing.on('close', () => failBefore(new Error('the connection ended without an answer')));
      outgoing.on('response', (incoming) => {
        responding = true;
        readBody(incoming, wanted.maxBytes, ({ bytes, end }) => {
          // Ends the connection where the answer goes on without us.
          outgoing.destroy();
          resolve({
            answered: true,
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: isPlain(incoming) ? bytes.toString('utf8') : undefined,
            end,
            stopped: end === 'broken' ? whyStopped() : undefined,
            durationMs: elapsed(),
          });
        });
      });
      outgoing.end(wanted.body);
    } catch (error) {
      fail(error);
    }
  });
}

interface Body {
  bytes: Buffer;
  end: 'complete' | 'cut' | 'broken';
}

function readBody(incoming: IncomingMessage, maxBytes: number, done: (body: Body) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (end: Body['end']): void =>
    done({ bytes: Buffer.concat(chunks).subarray(0, maxBytes), end });
  incoming.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) finish('cut');
  });
  incoming.on('end', () => finish(incoming.complete ? 'complete' : 'broken'));
  incoming.on('error', () => finish('broken'));
  // Where neither came; after them this changes nothing any more.
  incoming.on('close', () => finish('broken'));
}

function isPlain(incoming: IncomingMessage): boolean {
  const encoding = incoming.headers['content-encoding'];
  return encoding === undefined || encoding === '' || encoding === 'identity';
}

/** Words for what a network says in codes. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was cut before an answer came',
  ENOTFOUND: 'the name is not known (DNS)',
  EAI_AGAIN: 'the name server did not answer (DNS)',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'the connection timed out',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is not from a known authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its TLS certificate is not from a known authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another name',
  EPROTO: 'it does not speak TLS',
};

function explain(error: unknown): string {
  // A name with several addresses: the first refusal stands for all.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return String(first);
  const code = 'code' in first && typeof first.code === 'string' ? first.code : '';
  if (code.startsWith('HPE_')) return `what came back is not HTTP (${code})`;
  const reason = REASONS[code];
  if (reason !== undefined) return reason;
  return code === '' ? first.message : `${first.message} (${code})`;
}
