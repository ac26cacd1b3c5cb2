import { expect, test } from 'vitest';
import {
  type Constant,
  type Expression,
  satisfies,
} from '../../../src/model/migration/expression.ts';

const x: Expression = { kind: 'column', name: 'x' };
const old: Expression = { kind: 'column', name: 'old' };
const is = (value: Constant): Expression => ({ kind: 'constant', value });
const compare = (operator: string, left: Expression, right: Expression): Expression => ({
  kind: 'compare',
  operator,
  left,
  right,
});
const positive = compare('>', x, is(0));
const opaque: Expression = { kind: 'opaque' };

const rows: [what: string, expression: Expression, value: Constant, result: boolean | undefined][] =
  [
    ['x > 0', positive, null, true],
    ['x > 0', positive, 1, true],
    ['x > 0', positive, 0, false],
    ['x > 0, where x is a text', positive, '1', undefined],
    ['x > old', compare('>', x, old), 1, undefined],
    ['x > old', compare('>', x, old), null, true],
    ["x = 'a'", compare('=', x, is('a')), 'a', true],
    ["x < 'b', which depends on the collation", compare('<', x, is('b')), 'a', undefined],
    ['x IS NULL', { kind: 'is null', negated: false, value: x }, null, true],
    ['x IS NOT NULL', { kind: 'is null', negated: true, value: x }, null, false],
    ['NOT (x > 0)', { kind: 'not', part: positive }, 1, false],
    ['NOT (x > 0)', { kind: 'not', part: positive }, null, true],
    ['x > 0 OR ?', { kind: 'or', parts: [positive, opaque] }, 1, true],
    ['x > 0 OR ?', { kind: 'or', parts: [positive, opaque] }, 0, undefined],
    ['x > 0 AND ?', { kind: 'and', parts: [positive, opaque] }, 0, false],
    ['x > 0 AND ?', { kind: 'and', parts: [positive, opaque] }, 1, undefined],
    ['x > 0 AND ?, where x is null', { kind: 'and', parts: [positive, opaque] }, null, undefined],
    ['x IN (1, NULL)', { kind: 'in', negated: false, value: x, list: [is(1), is(null)] }, 2, true],
    ['x NOT IN (1, 2)', { kind: 'in', negated: true, value: x, list: [is(1), is(2)] }, 2, false],
    [
      'coalesce(x, 5) > 0',
      compare('>', { kind: 'coalesce', parts: [x, is(5)] }, is(0)),
      null,
      true,
    ],
    [
      'coalesce(x, 0) > 0',
      compare('>', { kind: 'coalesce', parts: [x, is(0)] }, is(0)),
      null,
      false,
    ],
    ['length(x) > 0', compare('>', { kind: 'strict', parts: [x] }, is(0)), null, true],
    ['length(x) > 0', compare('>', { kind: 'strict', parts: [x] }, is(0)), 'a', undefined],
    ['a condition that is a number', { kind: 'or', parts: [is(1)] }, null, undefined],
  ];

test.each(rows)('%s', (_, expression, value, result) => {
  expect(satisfies(expression, (name) => (name === 'x' ? value : undefined))).toBe(result);
});
