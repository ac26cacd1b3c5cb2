import type { Check } from '../../ports/checks.ts';
import { type Clock, timestamp } from '../../ports/clock.ts';
import { type HttpExpectation, judgeAnswer, type Judgement } from './judge.ts';
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
  body?: string | undefined;
  expect: HttpExpectation;
  /** While the safe state is on: another expectation, in place of the first, or no question. */
  underSafeState?: 'skip' | { expect: HttpExpectation } | undefined;
  /** Longest time for the whole answer, in milliseconds; later means error. */
  timeoutMs: number;
  clock: Clock;
}

/**
 * One HTTP request, judged by judge.ts. Redirects are not followed: 301 is an answer like any
 * other, and what a health address redirects to is somebody else's health.
 */
export function httpCheck(options: HttpCheckOptions): Check {
  const { name, stages, clock, underSafeState } = options;
  return {
    name,
    stages,
    async run({ safeState, recovering = false, signal }) {
      if (safeState && underSafeState === 'skip') return undefined;
      const other = safeState && underSafeState !== undefined && underSafeState !== 'skip';
      const expected = other ? underSafeState.expect : options.expect;
      const at = timestamp(clock);
      const start = performance.now();
      const others = recovering && other ? [options.expect] : [];
      const judgement = await ask(options, [expected, ...others], signal);
      const duration_ms = Math.round(performance.now() - start);
      return { check: name, ...judgement, duration_ms, at };
    },
  };
}

/** One answer, judged by each expectation in turn: the first that it fits decides. */
async function ask(
  options: HttpCheckOptions,
  expectations: readonly [HttpExpectation, ...HttpExpectation[]],
  signal: AbortSignal,
) {
  const url = URL.parse(options.url);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // Not repeated here: an address can contain a password.
    return { verdict: 'error' as const, reason: 'Its url is not an http:// or https:// address.' };
  }
  const result = await requestOnce({
    url,
    method: options.method ?? 'GET',
    headers: options.headers ?? {},
    body: options.body,
    timeoutMs: options.timeoutMs,
    maxBytes: MAX_BODY_BYTES,
    signal,
  });
  const [first, ...others] = expectations;
  const fits = others.map((one) => judgeAnswer(result, one)).find(isPassed);
  const judged = judgeAnswer(result, first);
  const judgement = isPassed(judged) ? judged : (fits ?? judged);
  // Without user, password and query, which may be secrets.
  return { ...judgement, reason: `${url.origin}${url.pathname}: ${judgement.reason}` };
}

const isPassed = ({ verdict }: Judgement): boolean => verdict === 'passed';
