import { describe, expect, it } from 'vitest';
import { type Epoch, formatEpoch, hasReached, parseEpoch } from '../../src/model/breaker.ts';
import { type Instance, isProven, proveFlags } from '../../src/model/instance.ts';

const NOW = Date.UTC(2025, 0, 12, 3);
const wanted: Epoch = { generation: 'gen1', counter: 7 };
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();

function instance(id: string, counter: number | undefined, secondsAgo = 1): Instance {
  const applied = counter === undefined ? undefined : { ...wanted, counter };
  return { id, applied, heartbeat: at(secondsAgo) };
}

function prove(...instances: Instance[]) {
  return proveFlags(wanted, instances, NOW, 6_000);
}

describe('the proof that instances use the new state', () => {
  it.each<[string, Instance, 'acknowledged' | 'laggards' | 'silent']>([
    ['at the epoch', instance('a', 7), 'acknowledged'],
    ['beyond it', instance('a', 9), 'acknowledged'],
    ['before it', instance('a', 6), 'laggards'],
    ['not understood', instance('a', undefined), 'laggards'],
    [
      'of another generation',
      { ...instance('a', 9), applied: { generation: 'gen0', counter: 99 } },
      'laggards',
    ],
    ['at the limit', instance('a', 7, 6), 'acknowledged'],
    ['too old', instance('a', 7, 6.001), 'silent'],
    ['without a time', { ...instance('a', 7), heartbeat: 'soon' }, 'silent'],
  ])('a heartbeat %s is %s', (_, given, where) => {
    expect(prove(given)[where]).toEqual(['a']);
  });

  it.each<[string, Instance[], boolean]>([
    ['all acknowledged', [instance('a', 7), instance('b', 8)], true],
    ['one lags', [instance('a', 7), instance('b', 6)], false],
    ['one is silent', [instance('a', 7), instance('b', 6, 60)], true],
    ['all are silent', [instance('a', 7, 60)], false],
    ['there is none', [], false],
  ])('given that %s: %s', (_, instances, proven) => {
    expect(isProven(prove(...instances))).toBe(proven);
  });

  it('names everybody in order', () => {
    const proof = prove(instance('c', 7), instance('a', 7), instance('b', 1), instance('d', 1, 99));
    expect(proof).toEqual({
      epoch: wanted,
      acknowledged: ['a', 'c'],
      laggards: ['b'],
      silent: ['d'],
    });
  });
});

describe('epochs', () => {
  it('are read as they are written', () => {
    expect(parseEpoch(formatEpoch(wanted))).toEqual(wanted);
  });

  it.each([
    '',
    'gen1',
    'gen1:',
    ':7',
    'gen1:-7',
    'gen1:7.5',
    'GEN:7',
    'a b:7',
    'gen1:7\n',
    'g:1:2',
  ])('are not read from %j', (text) => {
    expect(parseEpoch(text)).toBeUndefined();
  });

  it('of different generations say nothing about each other', () => {
    expect(hasReached({ generation: 'gen2', counter: 100 }, wanted)).toBe(false);
    expect(hasReached({ generation: 'gen1', counter: 100 }, wanted)).toBe(true);
  });
});
