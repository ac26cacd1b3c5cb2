import {
  expectationsIn,
  type Judgement,
  judgeByAny,
  type UnderSafeState,
} from '../../model/expectation.ts';
import type { Json } from '../../model/json.ts';
import type { Check, CheckContext } from '../../ports/checks.ts';
import { type Clock, timestamp } from '../../ports/clock.ts';
import { fillAddress, fillJson, fillText, type Value, type Values, wordsLeft } from './fill.ts';
import { type HttpExpectation, judgeAnswer } from './judge.ts';
import { followPointer } from './json-pointer.ts';
import { type HttpResult, requestOnce } from './request.ts';

/** As for a single request: an answer that is longer does not prove more. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface JourneyStep {
  /** What the step does, for messages. */
  name: string;
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  /** A text goes out as it is, anything else as JSON. */
  body?: Json | undefined;
  /** Word → JSON pointer into the answer; later steps use it as `{word}`. */
  capture: Readonly<Record<string, string>>;
  expect: HttpExpectation;
  underSafeState?: UnderSafeState<HttpExpectation>;
}

export interface JourneyOptions {
  name: string;
  stages: readonly string[];
  steps: readonly JourneyStep[];
  /** Not asked at all while the safe state is on. */
  underSafeState?: 'skip' | undefined;
  /** For the whole journey, in milliseconds; later means error. */
  timeoutMs: number;
  clock: Clock;
  /** A fresh id for `{unique}`: one for each time the journey is made. */
  unique: () => string;
  /** Further words that have a value: service and environment. */
  places: Readonly<Record<string, string>>;
}

/**
 * Requests one after another, as a user makes them. The first step that is not as expected ends
 * it: what comes later builds on it. A step that is skipped captures nothing; a later one that
 * needs its value cannot be asked, which is an error and not a failure of the service.
 */
export function journeyCheck(options: JourneyOptions): Check {
  const { name, stages, clock } = options;
  return {
    name,
    stages,
    async run(context) {
      if (context.safeState && options.underSafeState === 'skip') return undefined;
      const at = timestamp(clock);
      const start = performance.now();
      const judgement = await travel(options, context, start + options.timeoutMs);
      if (judgement === undefined) return undefined;
      const duration_ms = Math.round(performance.now() - start);
      return { check: name, ...judgement, duration_ms, at };
    },
  };
}

async function travel(
  { steps, unique, places, timeoutMs }: JourneyOptions,
  context: CheckContext,
  deadline: number,
): Promise<Judgement | undefined> {
  const values = new Map<string, Value>([...Object.entries(places), ['unique', unique()]]);
  const captured = new Set(steps.flatMap(({ capture }) => Object.keys(capture)));
  let taken = 0;
  for (const [index, step] of steps.entries()) {
    const expectations = expectationsIn(context, step.expect, step.underSafeState);
    if (expectations === undefined) continue;
    taken += 1;
    const leftMs = Math.floor(deadline - performance.now());
    const { verdict, reason } =
      leftMs < 1
        ? tooLate(timeoutMs)
        : await takeStep(step, expectations, { values, captured, leftMs, signal: context.signal });
    if (verdict === 'passed') continue;
    return { verdict, reason: `Step ${index + 1} of ${steps.length}, "${step.name}": ${reason}` };
  }
  if (taken === 0) return undefined;
  const skipped = steps.length - taken;
  const rest = skipped === 0 ? '' : `, ${skipped} skipped while the safe state is on`;
  return { verdict: 'passed', reason: `${taken} steps as expected${rest}.` };
}

function tooLate(timeoutMs: number): Judgement {
  return { verdict: 'error', reason: `The journey took longer than ${timeoutMs} ms.` };
}

interface Baggage {
  /** What earlier steps captured; this step adds to it. */
  values: Map<string, Value>;
  /** Every word that some step captures. */
  captured: ReadonlySet<string>;
  leftMs: number;
  signal: AbortSignal;
}

async function takeStep(
  step: JourneyStep,
  expectations: readonly [HttpExpectation, ...HttpExpectation[]],
  { values, captured, leftMs, signal }: Baggage,
): Promise<Judgement> {
  const { url: address, headers, body } = fillStep(step, values);
  const left = [address, body ?? '', ...Object.values(headers)].flatMap((text) =>
    wordsLeft(text, captured),
  );
  if (left.length > 0) {
    const words = [...new Set(left)].map((word) => `{${word}}`).join(', ');
    return { verdict: 'error', reason: `It needs ${words}, which no step before it captured.` };
  }
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return { verdict: 'error', reason: 'Its url is not an http:// or https:// address.' };
  }
  const result = await requestOnce({
    url,
    method: step.method,
    headers,
    body,
    timeoutMs: leftMs,
    maxBytes: MAX_BODY_BYTES,
    signal,
  });
  return judgeByAny(expectations, (expected) => {
    const judged = judgeAnswer(result, expected);
    // What is expected only under the safe state need not have what the usual answer has.
    if (judged.verdict !== 'passed' || expected !== step.expect) return judged;
    return captureFrom(result, step.capture, values) ?? judged;
  });
}

function fillStep({ url, headers, body }: JourneyStep, values: Values) {
  const texts = Object.entries(headers).map(
    ([key, text]) => [key, fillText(text, values)] as const,
  );
  const isJson = body !== undefined && typeof body !== 'string';
  const type = isJson ? { 'content-type': 'application/json' } : {};
  return {
    url: fillAddress(url, values),
    headers: { ...type, ...Object.fromEntries(texts) },
    body:
      body === undefined || typeof body === 'string'
        ? body && fillText(body, values)
        : JSON.stringify(fillJson(body, values)),
  };
}

/** Keeps the values that later steps need. @returns what is wrong, if something is */
function captureFrom(
  result: HttpResult,
  capture: JourneyStep['capture'],
  values: Map<string, Value>,
): Judgement | undefined {
  const wanted = Object.entries(capture);
  if (wanted.length === 0 || !result.answered) return undefined;
  if (result.end !== 'complete' || result.body === undefined) {
    return { verdict: 'error', reason: 'The answer could not be read to its end.' };
  }
  let answer: unknown;
  try {
    answer = JSON.parse(result.body);
  } catch {
    return { verdict: 'failed', reason: 'The body is not JSON.' };
  }
  for (const [word, pointer] of wanted) {
    const value = followPointer(answer, pointer);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      const what = value === undefined ? 'missing' : 'not a single value';
      return { verdict: 'failed', reason: `${pointer} of the answer is ${what}.` };
    }
    values.set(word, value);
  }
  return undefined;
}
