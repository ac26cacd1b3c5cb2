import { expect, test } from 'vitest';
import { inOrder, inStages, type Ordered } from '../../src/model/target-order.ts';

function part(order: number, ...dependencies: string[]): Ordered {
  return { order, depends_on: dependencies };
}

test('parts come after what they depend on, then by order, then by name', () => {
  expect(inOrder({ b: part(1), a: part(1), c: part(0) })).toEqual(['c', 'a', 'b']);
  expect(inOrder({ a: part(0, 'z'), z: part(9), m: part(5) })).toEqual(['m', 'z', 'a']);
  expect(inOrder({ a: part(1, 'elsewhere') })).toEqual(['a']);
  expect(inOrder({ a: part(1, 'b'), b: part(1, 'a') })).toEqual(['a', 'b']);
});

interface Row {
  what: string;
  parts: Record<string, Ordered>;
  atOnce: number;
  stages: string[][];
}

const ROWS: Row[] = [
  { what: 'nothing at all', parts: {}, atOnce: 3, stages: [] },
  {
    what: 'one after the other, as long as nobody asks for more',
    parts: { web: part(1), worker: part(1), jobs: part(1) },
    atOnce: 1,
    stages: [['jobs'], ['web'], ['worker']],
  },
  {
    what: 'those of the same order side by side',
    parts: { web: part(1), worker: part(1), jobs: part(2) },
    atOnce: 3,
    stages: [['web', 'worker'], ['jobs']],
  },
  {
    what: 'no more at once than are allowed',
    parts: { a: part(1), b: part(1), c: part(1), d: part(1), e: part(1) },
    atOnce: 2,
    stages: [['a', 'b'], ['c', 'd'], ['e']],
  },
  {
    what: 'never beside what it depends on',
    parts: { api: part(1), web: part(1, 'api'), worker: part(1) },
    atOnce: 3,
    stages: [['api', 'worker'], ['web']],
  },
  {
    what: 'a dependency before its order, and nothing of another order beside it',
    parts: { first: part(0, 'late'), late: part(9), other: part(5) },
    atOnce: 3,
    stages: [['other'], ['late'], ['first']],
  },
  {
    what: 'everybody, also in a circle that no loader lets through',
    parts: { a: part(1, 'b'), b: part(1, 'a'), c: part(1) },
    atOnce: 3,
    stages: [['c'], ['a'], ['b']],
  },
];

test.each(ROWS)('$what', ({ parts, atOnce, stages }) => {
  expect(inStages(parts, atOnce)).toEqual(stages);
});
