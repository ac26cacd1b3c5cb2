/**
 * What an HTTP answer means for a check. The line is drawn at the status line:
 *
 * - None came (refused, cut, no such name, TLS, not HTTP, too late): `error`. We cannot tell a
 *   broken service from a broken network, a wrong address or a firewall between us and it. The fold
 *   never makes "passed" out of it; and "failed" would claim knowledge that we do not have.
 * - One came and differs from what is expected, in status, content or time: `failed`. That was
 *   measured, and whatever stands behind the address answers wrongly.
 * - One came and fits as far as it goes, but could not be read to its end: `error`, again, because
 *   what was not read might have been anything.
 */

import type { Judgement } from '../../model/expectation.ts';
import { canonicalJson, type Json } from '../../model/json.ts';
import { followPointer } from './json-pointer.ts';
import type { HttpResult } from './request.ts';

/** Named as in `backout.yml`; `within` in milliseconds. */
export interface HttpExpectation {
  /** Accepted status, or several. */
  status: number | readonly number[];
  body_contains?: string | undefined;
  /** Values of the JSON body by JSON pointer (RFC 6901), such as `/checks/0/ok`. */
  json?: Readonly<Record<string, Json>> | undefined;
  /** From connecting to the last byte. */
  within?: number | undefined;
}

export function judgeAnswer(result: HttpResult, expected: HttpExpectation): Judgement {
  if (!result.answered) return { verdict: 'error', reason: `No answer: ${result.problem}.` };
  const wrong = [
    ...wrongStatus(result.status, expected),
    ...tooSlow(result.durationMs, expected),
    ...(result.end === 'complete' ? wrongBody(result.body, expected) : []),
  ];
  if (wrong.length > 0) return { verdict: 'failed', reason: `${capitalised(wrong.join('; '))}.` };
  const unread = unreadable(result, expected);
  if (unread !== undefined) return { verdict: 'error', reason: `${capitalised(unread)}.` };
  return {
    verdict: 'passed',
    reason: `Status ${result.status} as expected, after ${result.durationMs} ms.`,
  };
}

function wrongStatus(status: number, { status: expected }: HttpExpectation): string[] {
  const accepted = typeof expected === 'number' ? [expected] : expected;
  return accepted.includes(status) ? [] : [`status ${status}, expected ${accepted.join(' or ')}`];
}

function tooSlow(durationMs: number, { within }: HttpExpectation): string[] {
  return within === undefined || durationMs <= within
    ? []
    : [`it took ${durationMs} ms, expected at most ${within} ms`];
}

/** Why nothing can be said about the body, though something is expected of it. */
function unreadable(
  { end, stopped, body }: HttpResult & { answered: true },
  expected: HttpExpectation,
): string | undefined {
  if (end === 'broken') return `the answer began well but ${stopped ?? 'broke off'}`;
  const asked = expected.body_contains !== undefined || expected.json !== undefined;
  if (!asked) return undefined;
  if (body === undefined) return 'the answer is compressed, though we asked for plain text';
  if (end === 'complete') return undefined;
  const { body_contains: text, json } = expected;
  const found = json === undefined && text !== undefined && body.includes(text);
  return found ? undefined : 'the answer is too long to be read to its end';
}

function wrongBody(body: string | undefined, expected: HttpExpectation): string[] {
  if (body === undefined) return [];
  const wrong: string[] = [];
  const { body_contains: text, json } = expected;
  if (text !== undefined && !body.includes(text)) {
    wrong.push(`the body does not contain ${JSON.stringify(text)}`);
  }
  return json === undefined ? wrong : [...wrong, ...wrongJson(body, json)];
}

function wrongJson(body: string, expected: Readonly<Record<string, Json>>): string[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return ['the body is not JSON'];
  }
  return Object.entries(expected).flatMap(([pointer, wanted]) => {
    const found = followPointer(value, pointer);
    const is = found === undefined ? 'missing' : canonicalJson(found);
    return is === canonicalJson(wanted)
      ? []
      : [`${pointer} is ${shortened(is)}, expected ${shortened(canonicalJson(wanted))}`];
  });
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
