/** The labelled statements of test/model/migration/corpus: how often the rules are wrong, and how. */
import { expect, test } from 'vitest';
import { loadSqlParser } from '../../../src/adapters/sql/parse-sql.ts';
import { auditStatements } from '../../../src/model/migration/audit-statements.ts';
import { isSafe } from '../../../src/model/migration/finding.ts';
import { cases, oldRelease } from './load-corpus.ts';

const parseSql = await loadSqlParser();
const old = [{ file: 'old-release.sql', statements: parseSql(oldRelease) }];

const results = cases.map(({ file, sql, labels, source }) => {
  const found = auditStatements(old, [{ file: 'new.sql', statements: parseSql(sql) }]);
  return { file, sql, labels, source, found };
});
const pairs = results.flatMap(({ file, sql, labels, found }) =>
  labels.map((label, index) => ({ file, sql, label, finding: found[index] })),
);
const isWrong = (wrong: (label: boolean, found: boolean) => boolean) =>
  pairs
    .filter(({ label, finding }) => wrong(isSafe(label), isSafe(finding?.kind ?? 'additive')))
    .map(({ file, sql, label, finding }) => ({
      file,
      sql,
      label,
      found: finding?.kind,
      why: finding?.why,
    }));

test('The corpus is large, and every label has its source.', () => {
  expect(cases.length).toBeGreaterThanOrEqual(180);
  expect(new Set(cases.map(({ sql }) => sql)).size).toBe(cases.length);
});

test('The old release of the corpus is read without a gap.', () => {
  expect(old[0]?.statements.filter(({ change }) => change.type === 'unknown')).toEqual([]);
});

test('Each case has as many statements as labels.', () => {
  const odd = results.filter(({ labels, found }) => labels.length !== found.length);
  expect(odd.map(({ sql, found }) => ({ sql, found }))).toEqual([]);
});

test('No breaking statement, and none that needs a human, is called safe.', () => {
  expect(isWrong((label, found) => !label && found)).toEqual([]);
});

test('Fewer than 5 % of the safe statements raise a false alarm.', () => {
  const safe = pairs.filter(({ label }) => isSafe(label));
  const alarms = isWrong((label, found) => label && !found);
  const missed = isWrong((label, found) => !label && found);
  const same = pairs.filter(({ label, finding }) => label === finding?.kind);
  console.log(
    `Corpus: ${cases.length} cases, ${pairs.length} statements, ${safe.length} of them safe. ` +
      `Missed: ${missed.length}. False alarms: ${alarms.length} (${((100 * alarms.length) / safe.length).toFixed(1)} %). ` +
      `Exactly as labelled: ${same.length}.`,
  );
  for (const alarm of alarms) console.log(JSON.stringify(alarm));
  expect(alarms.length / safe.length).toBeLessThan(0.05);
});

test.each(results)('$file: $sql', ({ labels, found }) => {
  expect(found.map((one) => one.kind)).toEqual(labels);
});
