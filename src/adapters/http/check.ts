import { expectationsIn, type Judgement, judgeByAny } from '../../model/expectation.ts';
import type { Check } from '../../ports/checks.ts';
import { type Clock, timestamp } from '../../ports/clock.ts';
import { fillText } from './fill.ts';
import { type HttpExpectation, judgeAnswer } from './judge.ts';
import { requestOnce } from './request.ts';

/** A health answer is small; a page that is longer does not prove more. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpCheckOptions {
  name: string;
  stages: readonly string[];
  url: string;
  /** Default GET. */
  method?: string;
  headers?: Readonly<Record<string, string>>;
  /** `{unique}` in it is replaced each time. */
  body?: string | undefined;
  expect: HttpExpectation;
  /** While the safe state is on: another expectation, in place of the first, or no question. */
  underSafeState?: 'skip' | { expect: HttpExpectation } | undefined;
  /** Longest time for the whole answer, in milliseconds; later means error. */
  timeoutMs: number;
  clock: Clock;
  /** A fresh id for `{unique}`; left out: it stays as it is. */
  unique?: () => string;
}

/**
 * One HTTP request, judged by judge.ts. Redirects are not followed: 301 is an answer like any
 * other, and what a health address redirects to is somebody else's health.
 */
export function httpCheck(options: HttpCheckOptions): Check {
  const { name, stages, clock } = options;
  return {
    name,
    stages,
    async run(context) {
      const expectations = expectationsIn(context, options.expect, options.underSafeState);
      if (expectations === undefined) return undefined;
      const at = timestamp(clock);
      const start = performance.now();
      const judgement = await ask(options, expectations, context.signal);
      const duration_ms = Math.round(performance.now() - start);
      return { check: name, ...judgement, duration_ms, at };
    },
  };
}

/** One answer, judged by each expectation in turn: the first that it fits decides. */
async function ask(
  { unique, ...options }: HttpCheckOptions,
  expectations: readonly [HttpExpectation, ...HttpExpectation[]],
  signal: AbortSignal,
): Promise<Judgement> {
  const url = URL.parse(options.url);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // Not repeated here: an address can contain a password.
    return { verdict: 'error', reason: 'Its url is not an http:// or https:// address.' };
  }
  const values = new Map(unique === undefined ? [] : [['unique', unique()] as const]);
  const result = await requestOnce({
    url,
    method: options.method ?? 'GET',
    headers: options.headers ?? {},
    body: options.body === undefined ? undefined : fillText(options.body, values),
    timeoutMs: options.timeoutMs,
    maxBytes: MAX_BODY_BYTES,
    signal,
  });
  const { verdict, reason } = judgeByAny(expectations, (expected) => judgeAnswer(result, expected));
  // Without user, password and query, which may be secrets.
  return { verdict, reason: `${url.origin}${url.pathname}: ${reason}` };
}
