import type { Message } from '../../model/message.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Delivery, Messenger } from '../../ports/messenger.ts';
import { type HttpResult, requestOnce } from '../http/request.ts';
import { oncePerKey } from '../once-per-key.ts';
import { SIGNATURE_HEADER, signBody } from './signature.ts';

/** The receiver's answer is not for us; this much is read so that it can finish writing. */
const MAX_ANSWER_BYTES = 16 * 1024;
/** Before the first repeat; doubled for each further one. */
const FIRST_WAIT_MS = 100;

export interface WebhookMessengerOptions {
  channel: string;
  /** Not shown anywhere: the address of a webhook is a secret. */
  url: string;
  /** Key of the signature. Left out: not signed. */
  secret?: string | undefined;
  headers?: Readonly<Record<string, string>>;
  /** Longest time for one message with all its repeats. Default 2,000 ms. */
  capMs?: number;
  clock: Clock;
  ids: Ids;
}

/**
 * POSTs `{version, code, key, severity, title, lines, facts}` as JSON. No answer, 5xx and 429 are
 * repeated within the cap (`retry-after` is obeyed where it fits in), so a receiver may see a
 * message twice: header `idempotency-key` is the same then.
 */
export function webhookMessenger(options: WebhookMessengerOptions): Messenger {
  return {
    channel: options.channel,
    send: oncePerKey((message, signal) => post(options, message, signal)),
  };
}

async function post(
  options: WebhookMessengerOptions,
  message: Message,
  signal: AbortSignal,
): Promise<Delivery> {
  const url = URL.parse(options.url);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return { delivered: false, problem: 'its url is not an http:// or https:// address' };
  }
  const { clock, capMs = 2_000 } = options;
  const body = JSON.stringify({ version: 1, ...message });
  // The machine's monotonic time, like the timeouts of the connection itself.
  const end = performance.now() + capMs;
  for (let attempt = 0; ; attempt += 1) {
    const left = end - performance.now();
    const result = await requestOnce({
      url,
      method: 'POST',
      headers: headersFor(options, message, body),
      body,
      // Half of the cap at most, so that one hanging connection leaves time for a second try.
      timeoutMs: Math.max(1, Math.ceil(Math.min(left, capMs / 2))),
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    });
    if (result.answered && result.status >= 200 && result.status < 300) return { delivered: true };
    const problem = problemOf(result);
    const wait = waitBefore(attempt + 1, result, options);
    if (wait === undefined || signal.aborted || performance.now() + wait >= end) {
      return { delivered: false, problem };
    }
    try {
      await clock.sleep(wait, signal);
    } catch {
      return { delivered: false, problem };
    }
  }
}

function headersFor(
  { secret, headers, clock }: WebhookMessengerOptions,
  message: Message,
  body: string,
): Record<string, string> {
  return {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    // Keys are of our making, but a header must not contain just anything.
    'idempotency-key': encodeURIComponent(message.key),
    ...(secret === undefined ? {} : { [SIGNATURE_HEADER]: signBody(body, secret, clock.now()) }),
  };
}

function problemOf(result: HttpResult): string {
  return result.answered ? `it answered with status ${result.status}` : result.problem;
}

/** Milliseconds before the given repeat; undefined when repeating will not help. */
function waitBefore(
  repeat: number,
  result: HttpResult,
  { ids, clock }: WebhookMessengerOptions,
): number | undefined {
  if (result.answered && result.status !== 429 && result.status < 500) return undefined;
  const asked = result.answered ? retryAfter(result.headers['retry-after'], clock) : undefined;
  const own = FIRST_WAIT_MS * 2 ** (repeat - 1) * (0.5 + ids.random());
  return Math.max(own, asked ?? 0);
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfter(header: string | undefined, clock: Clock): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now());
}
