import { expect } from 'vitest';
import { breakersOf, changesOf, incidentsOf, leasesOf, overridesOf } from './look.ts';
import type { Site } from './site.ts';

/** @param before what the journal told before: holding a release is written down too */
export async function expectNothingChanged(
  site: Site,
  before: Awaited<ReturnType<typeof incidentsOf>> = [],
): Promise<void> {
  expect(await changesOf(site)).toEqual([]);
  expect(await overridesOf(site)).toEqual({});
  expect((await breakersOf(site)).states).toEqual({});
  expect(await incidentsOf(site)).toEqual(before);
  expect(await leasesOf(site)).toBe(0);
}
