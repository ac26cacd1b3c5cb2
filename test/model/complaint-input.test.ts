import { describe, expect, it } from 'vitest';
import {
  checkComplaintText,
  checkReference,
  readComplaintTime,
} from '../../src/model/complaint-input.ts';
import { NIGHT } from '../support/fake-clock.ts';

const WINDOW = 30 * 60_000;
const refusal = (code: string) => expect.objectContaining({ code, kind: 'usage' }) as unknown;

describe('the text of a complaint', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['   ', undefined],
    ['  the cart is empty ', 'the cart is empty'],
    ['x'.repeat(500), 'x'.repeat(500)],
    ['😀'.repeat(500), '😀'.repeat(500)],
  ])('%j is kept as it was said, or not at all', (given, expected) => {
    expect(checkComplaintText(given)).toBe(expected);
  });

  it.each([
    ['x'.repeat(501), 'E_COMPLAINT'],
    ['line\nline', 'E_CONTROL_CHARS'],
    ['a\u001b[2Jb', 'E_CONTROL_CHARS'],
  ])('is refused when it is too long or moves the cursor', (given, code) => {
    expect(() => checkComplaintText(given)).toThrow(refusal(code));
  });
});

describe('the reference of a complaint', () => {
  it('has 1 to 80 characters, or is left out', () => {
    expect(checkReference(undefined)).toBeUndefined();
    expect(checkReference(' T-1 ')).toBe('T-1');
    for (const bad of ['', ' ', 'x'.repeat(81)]) {
      expect(() => checkReference(bad)).toThrow(refusal('E_COMPLAINT'));
    }
  });
});

describe('the time of a complaint', () => {
  it.each([
    [undefined, NIGHT],
    ['2025-01-12T03:00:00Z', NIGHT],
    ['2025-01-12T03:00Z', NIGHT],
    ['2025-01-12T02:59:59.5Z', NIGHT - 500],
    // The edges of the window, and what a clock may be ahead.
    ['2025-01-12T02:30:00.000Z', NIGHT - WINDOW],
    ['2025-01-12T03:01:00.000Z', NIGHT + 60_000],
  ])('%s is read', (given, expected) => {
    expect(readComplaintTime(given, NIGHT, WINDOW)).toBe(expected);
  });

  it.each([
    ['2025-01-12T02:29:59.999Z', 'too long ago'],
    ['2025-01-12T03:01:00.001Z', 'in the future'],
    ['2024-02-30T03:00:00Z', 'not a time'],
    ['2025-13-12T03:00:00Z', 'not a time'],
    ['2025-01-12T24:00:00Z', 'not a time'],
    ['2025-01-12T03:00:00', 'not a time'],
    ['2025-01-12T03:00:00+01:00', 'not a time'],
    ['2025-01-12', 'not a time'],
    ['03:00', 'not a time'],
    ['now', 'not a time'],
    ['', 'not a time'],
    ['x'.repeat(10_000), 'not a time'],
  ])('%s is refused with what it should be', (given, why) => {
    const read = () => readComplaintTime(given, NIGHT, WINDOW);
    expect(read).toThrow(refusal('E_TIME'));
    expect(read).toThrow(why);
  });
});
