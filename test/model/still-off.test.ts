import { expect, it } from 'vitest';
import { listOff } from '../../src/model/still-off.ts';

it('lists all that is off, and what could not be read, in one list', () => {
  const off = {
    flags: ['sales=false'],
    breakers: ['stripe (open)'],
    incidents: ['incident1'],
    problems: ['Flags cannot be read: no answer'],
  };
  expect(listOff(off)).toEqual([...off.flags, ...off.breakers, ...off.problems]);
  expect(listOff({ flags: [], breakers: [], incidents: [], problems: [] })).toEqual([]);
});
