/**
 * Repeats a call to the parameter store, with random pauses and always with an end. The SDK's own
 * repeats are to be off (`clientSettings({ tries: 1 })`): it gives up on throttling after three
 * tries, which is when an account with many services only begins to get through.
 */

import { type Clock, within } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import { DENIED, THROTTLED } from './error-names.ts';

/** Why a call to the parameter store did not work. */
export type ParameterProblem =
  /** Too many calls of the account at once. AWS did nothing. */
  | 'throttled'
  /** No answer, or that AWS has a fault: done or not. */
  | 'unanswered'
  /** Not allowed, or no valid credentials. AWS did nothing. */
  | 'denied'
  /** AWS said no to what was asked; `name` says why. AWS did nothing. */
  | 'rejected';

/** Of one call with its repeats; adapters put it into the words of their port. */
export class ParameterFailure extends Error {
  override readonly name = 'ParameterFailure';
  readonly problem: ParameterProblem;
  /** What AWS calls it, such as `ParameterLimitExceeded`. */
  readonly awsName: string;
  readonly tries: number;

  constructor(problem: ParameterProblem, tries: number, cause: unknown) {
    super(saidBy(cause), { cause });
    this.problem = problem;
    this.awsName = nameOf(cause);
    this.tries = tries;
  }
}

/** Milliseconds. */
export interface Patience {
  /** For the answer to one try. */
  call: number;
  /** For all tries together, while nobody answers. */
  unanswered: number;
  /** The same, while AWS answers that there are too many calls. */
  throttled: number;
  /** Longest pause between two tries. Default 1,600. */
  pause?: number;
}

/**
 * Somebody who is told to come back later is heard: it is worth waiting for nearly as long as level
 * flags may take (30 s). From silence nothing is to be expected after 10 s (faults: R 10 s).
 */
export const PATIENCE: Patience = { call: 2_000, unanswered: 10_000, throttled: 28_000 };

/** The first pause is at most this long, each further one at most twice the one before. */
const FIRST_PAUSE_MS = 100;
/**
 * And none is longer. With 10 writes allowed per second and callers that pause for half of this on
 * average, the last 8 of any number of callers still use all that is allowed.
 */
const LONGEST_PAUSE_MS = 1_600;

export interface RetryOptions {
  clock: Clock;
  ids: Pick<Ids, 'random'>;
  patience: Patience;
  /** Hears of every pause: whoever has a cap of his own may wait longer for what is only slow. */
  onPause?: ((problem: ParameterProblem) => void) | undefined;
}

/**
 * @param repeats false: a try that nobody answered is not repeated, because it may have been done
 * @throws ParameterFailure
 */
export async function withRetries<T>(
  { clock, ids, patience, onPause }: RetryOptions,
  send: (signal: AbortSignal) => Promise<T>,
  repeats = true,
): Promise<T> {
  const started = clock.now();
  for (let tries = 1; ; tries += 1) {
    try {
      return await within(clock, patience.call, send);
    } catch (error) {
      const problem = problemOf(error);
      const longest = patience.pause ?? LONGEST_PAUSE_MS;
      const most = Math.min(longest, FIRST_PAUSE_MS * 2 ** Math.min(tries, 10));
      const pause = ids.random() * most;
      const next = clock.now() - started + pause;
      const goesOn =
        problem === 'throttled'
          ? next < patience.throttled
          : problem === 'unanswered' && repeats && next + patience.call <= patience.unanswered;
      if (!goesOn) throw new ParameterFailure(problem, tries, error);
      onPause?.(problem);
      await clock.sleep(pause);
    }
  }
}

function problemOf(error: unknown): ParameterProblem {
  const name = nameOf(error);
  const status = statusOf(error);
  if (THROTTLED.test(name) || status === 429) return 'throttled';
  if (DENIED.test(name) || status === 401 || status === 403) return 'denied';
  return status >= 400 && status < 500 ? 'rejected' : 'unanswered';
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}

/** 0 when there was no answer. */
function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !('$metadata' in error)) return 0;
  const { $metadata: metadata } = error;
  if (typeof metadata !== 'object' || metadata === null) return 0;
  const status: unknown = Reflect.get(metadata, 'httpStatusCode');
  return typeof status === 'number' ? status : 0;
}

/** In AWS's own words, on one line, cut. */
function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = error.message === '' ? error.name : `${error.name}: ${error.message}`;
  const line = said.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
