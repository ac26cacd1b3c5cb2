import { expect, test } from 'vitest';
import { mendWords } from '../../cli/check-input.ts';

test('A short reason is kept as it is.', () => {
  expect(mendWords({ reason: 'site down' }, 'kim')).toEqual({
    reason: 'site down',
    incident: undefined,
    notes: [],
  });
});

test('Without a reason it says who started it.', () => {
  expect(mendWords({}, 'kim').reason).toContain('kim');
});

test.each(['\u0007', '\u202e', '\u200b', '\ud800', '\r\n'])(
  'A reason with the sign %j is cleaned, and that is said.',
  (sign) => {
    const { reason, notes } = mendWords({ reason: `orders fail${sign}at noon` }, 'kim');
    expect(reason.replaceAll(/\s+/g, ' ')).toBe('orders fail at noon');
    expect(notes).toHaveLength(1);
  },
);

test('A reason of 70,000 characters is cut.', () => {
  const { reason, notes } = mendWords({ reason: 'x'.repeat(70_000) }, 'kim');
  expect(reason).toHaveLength(2_000);
  expect(notes).toHaveLength(1);
});

test.each(['INC 42', '../../x', 'a/b', '\u202eincident'])(
  'The incident %j is not used as a name, but stands in the reason.',
  (incident) => {
    const mended = mendWords({ reason: 'site down', incident }, 'kim');
    expect(mended.incident).toBeUndefined();
    expect(mended.reason).toMatch(/^site down \(.+\)$/);
    expect(mended.reason).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(mended.notes).toHaveLength(1);
  },
);

test('A usable incident is used.', () => {
  expect(mendWords({ incident: '20261123-1412-abc' }, 'kim').incident).toBe('20261123-1412-abc');
});
