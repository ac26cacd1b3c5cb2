import { expect, test } from 'vitest';
import { essenceOf } from '../../../src/adapters/sql/essence.ts';
import { loadSqlParser } from '../../../src/adapters/sql/parse-sql.ts';
import { splitSql } from '../../../src/adapters/sql/split-sql.ts';

const parseSql = await loadSqlParser();
const shown = (text: string): string[] =>
  parseSql(text).map(({ line, text: statement, change }) => `${line} ${change.type}: ${statement}`);

test('Each statement is told with the line of its first word, behind comments and many bytes.', () => {
  expect(shown('-- ä\n/* ö\n; */\n\n  SELECT\n 1; SELECT 2;\n\n-- ü 🚀\nDROP TABLE\n  t')).toEqual([
    '5 data: SELECT 1',
    '6 data: SELECT 2',
    '9 drop: DROP TABLE t',
  ]);
});

test('A statement that cannot be read does not hide the ones around it, and lines stay right.', () => {
  expect(shown('SELECT 1;\n\nALTER TABEL t;\n-- x\nDROP TABLE t;\n\\connect x\nSELECT 3')).toEqual([
    '1 data: SELECT 1',
    '3 unknown: ALTER TABEL t;',
    '5 drop: DROP TABLE t',
    '6 unknown: \\connect x',
    '7 data: SELECT 3',
  ]);
});

test('The rows of COPY are no statements, and what follows them is.', () => {
  const dump = "COPY t (a) FROM stdin;\n1\tit's; DROP TABLE t;\n\\N\n\\.\n\nDROP TABLE t;";
  expect(shown(dump)).toEqual(['1 other: COPY t (a) FROM stdin', '6 drop: DROP TABLE t']);
});

test('A COPY whose rows never end takes the rest with it, and needs a human itself.', () => {
  expect(shown('COPY t FROM stdin;\n1\nDROP TABLE t;')).toEqual(['1 other: COPY t FROM stdin']);
});

test.each(['', ' \n', '-- nothing yet\n', ';'])(
  'An empty text has no statements, and what is read after it is read: %j',
  (text) => {
    expect(shown(text)).toEqual([]);
    expect(shown('SELECT 1')).toEqual(['1 data: SELECT 1']);
  },
);

test('A NUL, at which the parser would stop without a word, is told.', () => {
  expect(shown('SELECT 1;\n\0DROP TABLE t;')).toEqual([expect.stringMatching(/^2 unknown/)]);
});

test.each([
  "SELECT 'open; DROP TABLE t;",
  'SELECT "open; DROP TABLE t;',
  'SELECT $x$ open; DROP TABLE t;',
  'SELECT 1 /* open; DROP TABLE t;',
  `SELECT ${'('.repeat(100_000)}`,
  '\u{FEFF}\u{FEFF}SELECT 1',
])('What cannot be read at all is one statement of unknown effect: %.40s', (text) => {
  expect(parseSql(text)).toMatchObject([{ change: { type: 'unknown' } }]);
});

test('After a text that is too much for it the parser still works.', () => {
  parseSql(`SELECT ${'NOT '.repeat(300_000)} true`);
  expect(shown('SELECT 1')).toEqual(['1 data: SELECT 1']);
});

test('A file of comments has no statements.', () => {
  expect(parseSql('-- nothing\n/* at all */ ; ;')).toEqual([]);
  expect(parseSql('')).toEqual([]);
});

test('The pieces of a text are all of it.', () => {
  const text = `a 'x;y' b; -- c;\n"d;" e$f;g $q$;$q$; /* ; /* ; */ ; */ h; CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN 1 THEN 2 END; END; i`;
  const pieces = splitSql(text).map(({ start, end }) => text.slice(start, end));
  expect(pieces.join('')).toBe(text);
  expect(pieces).toHaveLength(6);
});

test('The essence of a text is what it says: comments and spaces around words do not count.', () => {
  expect(essenceOf('-- a\nSELECT  1 ; /* b */\n')).toBe(essenceOf('SELECT 1 ;'));
  expect(essenceOf(`SELECT 'a  b'`)).not.toBe(essenceOf(`SELECT 'a b'`));
  expect(essenceOf(`SELECT '-- a'`)).not.toBe(essenceOf(`SELECT ''`));
});
