import { expect, test } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import { checkForward, type ForwardInput } from '../../src/model/forward-input.ts';

const NOTHING: ForwardInput = {
  level: undefined,
  to: undefined,
  accept: undefined,
  reason: undefined,
};
const REASON = 'the provider is ill';

test.each<[string, Partial<ForwardInput>, string | undefined]>([
  ['a reason alone is enough', { reason: REASON }, undefined],
  ['the level may be said', { reason: REASON, level: 'application' }, undefined],
  ['flags are lifted, not undone', { reason: REASON, level: 'flags' }, 'E_USAGE'],
  ['a database does not go forward', { reason: REASON, level: 'database' }, 'E_USAGE'],
  ['where it goes is not for the person to say', { reason: REASON, to: 'v1.2.0' }, 'E_USAGE'],
  ['no risk is accepted', { reason: REASON, accept: 'below-floor' }, 'E_USAGE'],
  ['without a reason nothing that is held comes back', {}, 'E_REASON'],
])('undoing a rollback: %s', (_, asked, code) => {
  expect(refusalOf({ ...NOTHING, ...asked })).toBe(code);
});

function refusalOf(input: ForwardInput): string | undefined {
  try {
    checkForward(input);
    return undefined;
  } catch (error) {
    return error instanceof BackoutError ? error.code : String(error);
  }
}
