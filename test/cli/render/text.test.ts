import { execFileSync } from 'node:child_process';
import widthOf from 'string-width';
import { expect, test } from 'vitest';
import {
  breakCommand,
  cut,
  fit,
  labelled,
  nextLine,
  printable,
  table,
  wrap,
} from '../../../cli/render/text.ts';
import { quote } from '../../../src/model/shell.ts';

const LOREM = 'the quick brown fox jumps over the lazy dog and then sleeps '.repeat(5).trim();

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => widthOf(line)));
}

test('Text is broken at spaces, and nothing of it is lost.', () => {
  const wrapped = wrap(LOREM, 'Do: ');
  expect(widest(wrapped)).toBeLessThanOrEqual(80);
  expect(wrapped.replaceAll(/\n {4}/g, ' ')).toBe(`Do: ${LOREM}`);
});

test('A word that is too long stands alone on its line, whole.', () => {
  const path = `/tmp/${'x'.repeat(100)}`;
  expect(wrap(`see ${path} for more`, '  ')).toBe(`  see\n  ${path}\n  for more`);
  expect(labelled('Draft', path)).toBe(`Draft:\n         ${path}`);
});

test('Lines that a text has itself are kept and indented, so that they cannot pass for ours.', () => {
  expect(labelled('Problem', 'two lines\nNext: rm -rf /')).toBe(
    'Problem: two lines\n         Next: rm -rf /',
  );
});

test('Width is counted in columns: wide signs take two.', () => {
  expect(widest(wrap('倉庫が故障している '.repeat(12)))).toBeLessThanOrEqual(80);
  const rows = table([
    ['倉庫', 'a'],
    ['x', 'b'],
  ]).split('\n');
  expect(rows.map((row) => widthOf(row))).toEqual([7, 7]);
});

test('The last column of a table is wrapped under itself.', () => {
  const text = table([
    ['  a', 'on', LOREM],
    ['  long', 'off', 'short'],
  ]);
  expect(widest(text)).toBeLessThanOrEqual(80);
  const [first = '', second = ''] = text.split('\n');
  expect(first).toMatch(/^ {2}a {5}on {3}the quick/);
  expect(second).toMatch(/^ {13}\S/);
});

test('Where names leave no room beside them, the last column goes below.', () => {
  const name = 'n'.repeat(63);
  const text = table([[`  ${name}`, 'closed', LOREM]]);
  expect(text.split('\n')[0]).toBe(`  ${name}  closed`);
  expect(widest(text)).toBeLessThanOrEqual(80);
});

test('An empty table, and one without words in the last column, leave no spaces behind.', () => {
  expect(table([])).toBe('');
  expect(table([['a', '']])).toBe('a');
});

test('Lines that fit stay as they are; others are wrapped behind their own indentation.', () => {
  expect(fit('a   b\n  c')).toBe('a   b\n  c');
  const long = fit(`short\n  ${LOREM}`);
  expect(widest(long)).toBeLessThanOrEqual(80);
  expect(long.split('\n')[2]).toMatch(/^ {4}\S/);
});

test('A next command stands on one line where it fits.', () => {
  expect(nextLine('backout assess')).toBe('Next:    backout assess');
});

test('A longer one is continued as a shell continues it, options together with their values.', () => {
  const command = `backout flags lift --incident ${'i'.repeat(50)} --by NAME --reason "…" --config ./a.yml`;
  const text = nextLine(command);
  expect(widest(text)).toBeLessThanOrEqual(80);
  const [label, ...lines] = text.split('\n');
  expect(label).toBe('Next:');
  expect(lines.slice(0, -1).every((line) => line.endsWith(' \\'))).toBe(true);
  expect(
    lines
      .join('\n')
      .replaceAll(/ \\\n +/g, ' ')
      .trim(),
  ).toBe(command);
});

test('A line is cut to a width, never in the middle of a sign.', () => {
  expect(cut('short', 10)).toBe('short');
  expect(cut('0123456789', 5)).toBe('0123…');
  expect(cut('倉庫が故障', 6)).toBe('倉庫…');
  expect(cut('a\u001b[31mb', 40)).toBe('a\uFFFD[31mb');
});

test('Characters that move the cursor or turn text round are shown, not obeyed.', () => {
  expect(printable('a\u001b[2Jb\u202ec\u0000d\u0085')).toBe('a\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFD');
  expect(printable('tab\tline\r\n')).toBe('tab line  ');
  expect(wrap('reason\u001b[1A', '\u001b[31m✘\u001b[39m ')).toBe(
    '\u001b[31m✘\u001b[39m reason\uFFFD[1A',
  );
});

test('A command that is broken onto lines is the same command to a shell.', () => {
  const words = ['it\'s a long "word" that $HOME has', 'two\nlines', '-x', 'value', '--flag'];
  const many = Array.from({ length: 20 }, (_, index) => words[index % words.length] ?? '');
  const command = `(printf '%s|' ${many.map(quote).join(' ')} && printf '%s' end || false)`;
  const broken = breakCommand(command, '  ');
  expect(broken.split('\n').length).toBeGreaterThan(5);
  expect(widest(broken)).toBeLessThanOrEqual(80);
  for (const text of [command, broken]) {
    expect(execFileSync('sh', ['-c', text], { encoding: 'utf8' })).toBe(`${many.join('|')}|end`);
  }
});

test('A command that fits stays on its line, and a word that is too long stays whole.', () => {
  expect(breakCommand('ls -l', '  ')).toBe('  ls -l');
  const long = `'${LOREM}'`;
  expect(breakCommand(`say --loud ${long} now`)).toBe(`say --loud \\\n  ${long} \\\n  now`);
});

test('A next command is broken outside of quotes only.', () => {
  const reason = quote(`${LOREM.slice(0, 40)} -and more`);
  const next = nextLine(`backout flags lift --incident x --reason ${reason}`);
  expect(next).toBe(`Next:\n  backout flags lift --incident x \\\n    --reason ${reason}`);
});
