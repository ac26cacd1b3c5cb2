/**
 * Migrations of public repositories, labelled by somebody who had not seen the rules: how often the
 * audit is wrong about them.
 */
import { expect, test } from 'vitest';
import { isSafe } from '../../src/model/migration/finding.ts';
import { auditCase, type Label, sample } from './load-public-sample.ts';

const results = await Promise.all(
  sample.map(async (one) => ({ ...one, found: await auditCase(one) })),
);
const pairs = results.flatMap(({ source, expect: labels, found }) =>
  labels.flatMap((label, index) => {
    const finding = found[index];
    return finding === undefined ? [] : [{ source, label, finding }];
  }),
);
const isSafeLabel = (label: Label): boolean => label === 'safe';
const missed = pairs.filter(({ label, finding }) => !isSafeLabel(label) && isSafe(finding.kind));
const alarms = pairs.filter(({ label, finding }) => isSafeLabel(label) && !isSafe(finding.kind));
const shown = (wrong: typeof pairs) =>
  wrong.map(({ source, label, finding: { statement, kind, why } }) => ({
    source,
    statement,
    label,
    kind,
    why,
  }));

test('The sample is of many repositories, and large.', () => {
  const repositories = new Set(sample.map(({ source }) => source.split(' ')[0]));
  expect(repositories.size).toBeGreaterThanOrEqual(15);
  expect(pairs.length).toBeGreaterThanOrEqual(300);
  expect(new Set(sample.map(({ source }) => source)).size).toBe(sample.length);
});

test('Each file has as many statements as labels.', () => {
  const odd = results.filter(({ expect: labels, found }) => labels.length !== found.length);
  expect(odd.map(({ source, found }) => ({ source, found }))).toEqual([]);
});

test('No breaking statement, and none that needs a human, is called safe.', () => {
  expect(shown(missed)).toEqual([]);
});

test('Fewer than 5 % of the safe statements raise a false alarm.', () => {
  const safe = pairs.filter(({ label }) => isSafeLabel(label));
  const repositories = new Set(sample.map(({ source }) => source.split(' ')[0]));
  console.log(
    `Public sample: ${pairs.length} statements in ${sample.length} files of ${repositories.size} repositories, ` +
      `${safe.length} of them safe. Missed: ${missed.length}. ` +
      `False alarms: ${alarms.length} (${((100 * alarms.length) / safe.length).toFixed(1)} %).`,
  );
  for (const alarm of shown(alarms)) console.log(JSON.stringify(alarm));
  expect(alarms.length / safe.length).toBeLessThan(0.05);
});
