import { describeCause } from './error.ts';
import type { Verdict } from './verdict.ts';

/** What a check expects while the safe state is on: something else, or no question at all. */
export type UnderSafeState<Expectation> = 'skip' | { expect: Expectation } | undefined;

/** What an answer means, before it is known how long it took. */
export interface Judgement {
  verdict: Verdict;
  /** One sentence with its full stop. */
  reason: string;
}

interface State {
  safeState: boolean;
  recovering?: boolean;
}

/**
 * The expectations of which one has to fit; undefined when nothing is asked in this state. While
 * breakers come back one by one, part of the calls is as usual and part as under the safe state.
 */
export function expectationsIn<Expectation>(
  { safeState, recovering = false }: State,
  usual: Expectation,
  underSafeState: UnderSafeState<Expectation>,
): [Expectation, ...Expectation[]] | undefined {
  if (!safeState || underSafeState === undefined) return [usual];
  if (underSafeState === 'skip') return undefined;
  return recovering ? [underSafeState.expect, usual] : [underSafeState.expect];
}

/** The first judgement that is passed; where none is, that of the first expectation. */
export function judgeByAny<Expectation>(
  [first, ...others]: readonly [Expectation, ...Expectation[]],
  judge: (expectation: Expectation) => Judgement,
): Judgement {
  const judged = judge(first);
  if (judged.verdict === 'passed') return judged;
  return others.map(judge).find(({ verdict }) => verdict === 'passed') ?? judged;
}

/** The question could not be asked, or was not answered: nothing is known. */
export function unanswered(error: unknown, what = ''): Judgement {
  const reason = `${what}${describeCause(error)}`;
  return { verdict: 'error', reason: /[.!?]$/.test(reason) ? reason : `${reason}.` };
}
