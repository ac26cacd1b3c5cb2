import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  CHAIN_START,
  hashEntry,
  type JournalEntry,
  type NewEntry,
  verifyChain,
} from '../../src/model/journal.ts';
import { canonicalJson, hashJson, toJson } from '../../src/model/json.ts';

function entry(number: number, more: Partial<NewEntry> = {}): NewEntry {
  return {
    service: 'storefront',
    environment: 'production',
    incident: 'incident1',
    key: `incident1/${number}`,
    kind: 'note',
    at: '2025-01-12T03:00:00.000Z',
    actor: 'kim',
    text: `Note ${number}`,
    data: { number, nested: { b: 1, a: [1, 2] } },
    ...more,
  };
}

function chain(count: number): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const previous = entries.at(-1)?.hash ?? CHAIN_START;
    const content = entry(seq);
    entries.push({ ...content, seq, previous, hash: hashEntry(content, seq, previous) });
  }
  return entries;
}

describe('the chain of a journal', () => {
  it('is intact when nobody touched it, and gives its head', () => {
    const entries = chain(5);
    expect(verifyChain(entries)).toEqual({ intact: true, entries: 5, head: entries[4]?.hash });
    expect(verifyChain([])).toEqual({ intact: true, entries: 0, head: CHAIN_START });
  });

  it.each<[string, Partial<JournalEntry>]>([
    ['text', { text: 'Nothing happened' }],
    ['actor', { actor: 'somebody else' }],
    ['time', { at: '2025-01-12T03:00:00.001Z' }],
    ['kind', { kind: 'decision' }],
    ['key', { key: 'incident1/x' }],
    ['service', { service: 'other' }],
    ['environment', { environment: 'staging' }],
    ['incident', { incident: 'incident2' }],
    ['data', { data: { number: 3, nested: { b: 1, a: [2, 1] } } }],
    ['hash', { hash: 'f'.repeat(64) }],
  ])('breaks where the %s of an entry was changed', (_, change) => {
    const entries = chain(5).map((one) => (one.seq === 3 ? { ...one, ...change } : one));
    expect(verifyChain(entries)).toMatchObject({ intact: false, seq: 3 });
  });

  it('breaks where an entry was changed and hashed again', () => {
    const entries = chain(5).map((one) => {
      if (one.seq !== 3) return one;
      const forged = { ...one, text: 'Nothing happened' };
      return { ...forged, hash: hashEntry(forged, 3, one.previous) };
    });
    expect(verifyChain(entries)).toMatchObject({ intact: false, seq: 4 });
  });

  it.each<[string, (entries: JournalEntry[]) => JournalEntry[], number]>([
    ['the first is missing', (all) => all.slice(1), 1],
    ['one in the middle is missing', (all) => all.filter(({ seq }) => seq !== 3), 3],
    [
      'two were exchanged',
      ([a, b, c, ...rest]) => [a, c, b, ...rest].flatMap((one) => one ?? []),
      2,
    ],
    ['one is there twice', (all) => all.flatMap((one) => (one.seq === 2 ? [one, one] : [one])), 3],
  ])('breaks when %s', (_, change, seq) => {
    expect(verifyChain(change(chain(5)))).toMatchObject({ intact: false, seq });
  });

  it('does not notice a missing end by itself: that is what the announced head is for', () => {
    const entries = chain(5);
    const announced = entries.at(-1)?.hash;
    const check = verifyChain(entries.slice(0, 4));
    expect(check.intact && check.head === announced).toBe(false);
  });

  it('does not care in which order a store gives the members back', () => {
    const content = entry(1);
    const shuffled = { ...content, data: { nested: { a: [1, 2], b: 1 }, number: 1 } };
    expect(hashEntry(shuffled, 1, CHAIN_START)).toBe(hashEntry(content, 1, CHAIN_START));
  });
});

describe('canonical JSON', () => {
  it.each<[unknown, string]>([
    [
      { b: 1, a: { d: [3, { z: 1, y: 2 }], c: null } },
      '{"a":{"c":null,"d":[3,{"y":2,"z":1}]},"b":1}',
    ],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [[undefined, 1], '[null,1]'],
    ['größer\n', '"größer\\n"'],
    ['\ud800', '"\\ud800"'],
    [-0, '0'],
    [Number.NaN, 'null'],
    [1e21, '1e+21'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [JSON.parse('{"__proto__":1,"a":2}'), '{"__proto__":1,"a":2}'],
    [{}, '{}'],
    [null, 'null'],
  ])('of %j is %s', (value, expected) => {
    expect(canonicalJson(value)).toBe(expected);
  });

  it('is the same for equal values and different for different ones', () => {
    expect(hashJson({ a: 1, b: [1, 2] })).toBe(hashJson({ b: [1, 2], a: 1 }));
    expect(hashJson({ 10: 'x', 9: 'y' })).toBe(hashJson({ 9: 'y', 10: 'x' }));
    expect(hashJson([1, 2])).not.toBe(hashJson([2, 1]));
    expect(hashJson({ a: '1' })).not.toBe(hashJson({ a: 1 }));
  });

  it('is hashed with SHA-256', () => {
    expect(hashJson({ a: 1 })).toBe(createHash('sha256').update('{"a":1}').digest('hex'));
  });

  it('survives being stored and read', () => {
    const value = toJson({ a: undefined, b: [1, 'x', null], c: { d: true, e: Number.NaN } });
    expect(value).toEqual({ b: [1, 'x', null], c: { d: true, e: null } });
    expect(canonicalJson(JSON.parse(JSON.stringify(value)))).toBe(canonicalJson(value));
  });
});
