import { describe, expect, it } from 'vitest';
import { BackoutError, describeCause } from '../../src/model/error.ts';
import { LEVELS, parseLevel } from '../../src/model/level.ts';
import { describeScope } from '../../src/model/scope.ts';

describe('levels', () => {
  it('are flags, application and database, lowest first', () => {
    expect(LEVELS).toEqual(['flags', 'application', 'database']);
    for (const level of LEVELS) expect(parseLevel(level)).toBe(level);
  });

  it.each(['', 'Flags', 'flags ', 'app', 'A', 'all', '__proto__'])('do not include %j', (text) => {
    expect(() => parseLevel(text)).toThrowError(
      expect.objectContaining({ code: 'E_LEVEL', kind: 'usage' }),
    );
  });
});

describe('errors', () => {
  it('say what happened, what state we are in and what to do', () => {
    const cause = new Error('connect ECONNREFUSED');
    const error = new BackoutError({
      code: 'E_EXAMPLE',
      message: 'The journal did not answer.',
      remedy: 'Try again.',
      cause,
    });
    expect(error.cause).toBe(cause);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'E_EXAMPLE',
      kind: 'failed',
      message: 'The journal did not answer.',
      state: 'Nothing was changed.',
      remedy: 'Try again.',
      retryable: false,
      cause: 'connect ECONNREFUSED',
    });
  });

  it('have no cause when none was given', () => {
    const error = new BackoutError({ code: 'E_EXAMPLE', message: 'No.', remedy: 'None.' });
    expect('cause' in error).toBe(false);
    expect(error.toJSON()).not.toHaveProperty('cause');
  });

  it.each<[unknown, string]>([
    [new BackoutError({ code: 'E_A', message: 'Broken.', remedy: 'r' }), 'E_A: Broken.'],
    [new AggregateError([new Error('one'), 'two']), 'one; two'],
    [new AggregateError([], 'none'), 'none'],
    [new RangeError(''), 'RangeError'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
  ])('describe the cause %s as %j', (cause, text) => {
    expect(describeCause(cause)).toBe(text);
  });
});

describe('a scope', () => {
  it('is written service/environment', () => {
    expect(describeScope({ service: 'shop', environment: 'staging' })).toBe('shop/staging');
  });
});
