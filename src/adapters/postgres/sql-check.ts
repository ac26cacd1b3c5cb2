import {
  expectationsIn,
  type Judgement,
  judgeByAny,
  unanswered,
  type UnderSafeState,
} from '../../model/expectation.ts';
import { describeCause } from '../../model/error.ts';
import type { Check } from '../../ports/checks.ts';
import { type Clock, timestamp, within } from '../../ports/clock.ts';
import { readOnce } from './read-once.ts';
import { codeOf } from './unreachable.ts';

/** Named as in `backout.yml`; all that is given has to hold. */
export interface SqlExpectation {
  /** The first column of the first row. */
  value?: string | number | boolean | null | undefined;
  /** Its least value. */
  at_least?: number | undefined;
  /** Exact number of rows. */
  rows?: number | undefined;
}

export interface SqlCheckOptions {
  name: string;
  stages: readonly string[];
  /** `postgres://…`, with the password; never shown. */
  url: string;
  query: string;
  expect: SqlExpectation;
  underSafeState?: UnderSafeState<SqlExpectation>;
  /** For connecting, asking and answering together, in milliseconds; later means error. */
  timeoutMs: number;
  clock: Clock;
}

/**
 * One query in a read-only transaction, judged by its first value and its number of rows.
 *
 * Errors of the server are `error`: a missing table may be a wrong query as well as a broken
 * database. The exception is corruption (SQLSTATE XX001, XX002), which the server has measured.
 */
export function sqlCheck(options: SqlCheckOptions): Check {
  const { name, stages, clock } = options;
  return {
    name,
    stages,
    async run(context) {
      const expectations = expectationsIn(context, options.expect, options.underSafeState);
      if (expectations === undefined) return undefined;
      const at = timestamp(clock);
      const start = performance.now();
      const judgement = await queryOnce(options, context.signal).then(
        (answer) => judgeByAny(expectations, (expected) => judgeRows(answer, expected)),
        (error: unknown) => judgeError(error),
      );
      const duration_ms = Math.round(performance.now() - start);
      return { check: name, ...judgement, duration_ms, at };
    },
  };
}

interface Answer {
  count: number;
  /** First column of the first row; undefined when there is no row. */
  first: unknown;
}

/** Asks once. @throws the driver's error, or E_TIMEOUT */
async function queryOnce(
  { url, query, timeoutMs, clock }: SqlCheckOptions,
  stop: AbortSignal,
): Promise<Answer> {
  const rows = await within(clock, timeoutMs, (late) => {
    const signal = AbortSignal.any([late, stop]);
    return readOnce({ url, query, timeoutMs, signal });
  });
  return { count: rows.length, first: rows[0]?.[0] };
}

function judgeError(error: unknown): Judgement {
  if (/^XX00[12]$/.test(codeOf(error))) {
    return { verdict: 'failed', reason: `The database is corrupted: ${describeCause(error)}.` };
  }
  return unanswered(error, 'The query was not answered: ');
}

function judgeRows({ count, first }: Answer, expected: SqlExpectation): Judgement {
  const { value, at_least: least, rows } = expected;
  if (rows !== undefined && count !== rows) {
    return { verdict: 'failed', reason: `${count} rows, expected ${rows}.` };
  }
  if (value !== undefined && value !== null) {
    if (isAbsent(first)) return noData();
    if (!isSame(first, value)) {
      return { verdict: 'failed', reason: `It is ${shown(first)}, expected ${String(value)}.` };
    }
  } else if (value === null && !(count > 0 && first === null)) {
    if (count === 0) return noData();
    return { verdict: 'failed', reason: `It is ${shown(first)}, expected null.` };
  }
  if (least !== undefined) {
    if (isAbsent(first)) return noData();
    const number = numberOf(first);
    if (number === undefined) {
      return { verdict: 'error', reason: `It is ${shown(first)}, which is not a number.` };
    }
    if (number < least) {
      return { verdict: 'failed', reason: `It is ${number}, expected at least ${least}.` };
    }
  }
  return {
    verdict: 'passed',
    reason: first === undefined ? `${count} rows.` : `It answers ${shown(first)}.`,
  };
}

const noData = (): Judgement => ({
  verdict: 'inconclusive',
  reason: 'The query found no value to judge by.',
});

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** A count comes as text: a bigint may be larger than a JavaScript number is exact. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function isSame(found: unknown, wanted: string | number | boolean): boolean {
  return typeof wanted === 'number' ? numberOf(found) === wanted : found === wanted;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
