import { describe, expect, it } from 'vitest';
import { formatSingle, parseSingle } from '../../src/model/single-flags.ts';

describe('The text of a flag', () => {
  it.each([
    ['boolean', 'true', true],
    ['boolean', 'OFF', false],
    ['boolean', ' Yes\n', true],
    ['boolean', '0', false],
    ['boolean', 'disabled', false],
    ['boolean', '', undefined],
    ['boolean', 'maybe', undefined],
    ['number', '50', 50],
    ['number', '0.5', 0.5],
    ['number', ' ', undefined],
    ['number', 'NaN', undefined],
    ['number', 'Infinity', undefined],
    ['string', 'on', 'on'],
    ['string', '', ''],
  ] as const)('as a %s, %j is %j', (type, text, value) => {
    expect(parseSingle(type, text)).toBe(value);
  });

  it.each([
    [false, 'true', 'false'],
    [false, 'TRUE', 'FALSE'],
    [false, 'On', 'Off'],
    [true, 'no', 'yes'],
    [false, '1', '0'],
    [false, 'nonsense', 'false'],
    [false, '', 'false'],
    [5, '50', '5'],
    ['dark', 'light', 'dark'],
  ])('%j in the style of %j is %j', (value, like, text) => {
    expect(formatSingle(value, like)).toBe(text);
  });
});
