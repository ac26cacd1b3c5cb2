import { expect, test } from 'vitest';
import { exitCodeOfError, exitCodeOfOutcome, exitCodeOfVerdict } from '../../cli/exit-code.ts';
import { describeError } from '../../cli/output.ts';
import { BackoutError, type ErrorKind } from '../../src/model/error.ts';
import type { ExecutionOutcome } from '../../src/model/execution.ts';
import type { Verdict } from '../../src/model/verdict.ts';

test.each<[ErrorKind, number]>([
  ['failed', 1],
  ['usage', 2],
  ['uncertain', 3],
  ['refused', 4],
])('An error of kind %s ends with %i.', (kind, code) => {
  const error = new BackoutError({ code: 'E_TEST', message: 'No.', remedy: 'Yes.', kind });
  expect(exitCodeOfError(error)).toBe(code);
});

test('A fault in the program ends with 1, and says what to look at.', () => {
  expect(exitCodeOfError(new TypeError('x is not a function'))).toBe(1);
  const text = describeError(new TypeError('x is not a function'));
  expect(text).toMatch(/^E_INTERNAL {2}x is not a function\nState: {3}Not known.*\nDo: /);
});

test('Being there already is success.', () => {
  const error = new BackoutError({
    code: 'E_ALREADY_LIVE',
    message: '',
    remedy: '',
    kind: 'refused',
  });
  expect(exitCodeOfError(error)).toBe(0);
});

test.each<[ExecutionOutcome, number]>([
  ['done', 0],
  ['failed', 1],
  ['partial', 3],
  ['unknown', 3],
  ['refused', 4],
])('An execution that ended %s ends with %i: only proven is success.', (outcome, code) => {
  expect(exitCodeOfOutcome(outcome)).toBe(code);
});

test.each<[Verdict, number]>([
  ['passed', 0],
  ['failed', 1],
  ['inconclusive', 3],
  ['error', 3],
])('A verdict %s ends with %i.', (verdict, code) => {
  expect(exitCodeOfVerdict(verdict)).toBe(code);
});
