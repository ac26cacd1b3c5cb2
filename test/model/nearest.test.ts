import { describe, expect, it } from 'vitest';
import { nearestTags, tagNotFound } from '../../src/model/nearest.ts';

const TAGS = ['v1.10.0', 'v1.2.1', 'v1.2.0', 'v1.1.0', 'api/v1.2.0'];

describe('the nearest tags', () => {
  it.each([
    ['1.2.0', 'v1.2.0'],
    ['V1.2.0', 'v1.2.0'],
    ['v1.20', 'v1.2.0'],
    ['api/v1.2', 'api/v1.2.0'],
    ['v.12.0', 'v1.2.0'],
  ])('to %s begin with %s', (name, nearest) => {
    expect(nearestTags(name, TAGS)[0]).toBe(nearest);
  });

  it('are none when nothing is like it', () => {
    expect(nearestTags('production', TAGS)).toEqual([]);
    expect(nearestTags('v1.2.0', [])).toEqual([]);
  });

  it('are at most as many as asked for', () => {
    expect(nearestTags('v1.2.2', TAGS)).toHaveLength(3);
    expect(nearestTags('v1.2.2', TAGS, 1)).toEqual(['v1.2.1']);
  });

  it('are found quickly among ten thousand', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `v1.${index}.0`);
    const start = performance.now();
    expect(nearestTags('v1.5000.00', many)[0]).toBe('v1.5000.0');
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('a tag that is not there', () => {
  it('is answered with the nearest ones, else with the newest', () => {
    expect(tagNotFound('1.2.0', TAGS)).toMatchObject({ code: 'E_TAG_NOT_FOUND', kind: 'usage' });
    expect(tagNotFound('1.2.0', TAGS).message).toContain('Did you mean v1.2.0');
    expect(tagNotFound('production', TAGS).message).toContain('newest are v1.10.0, v1.2.1, v1.2.0');
    expect(tagNotFound('v1.0.0', []).message).toContain('no release tag at all');
  });
});
