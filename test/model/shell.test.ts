import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { quote, splitCommand, valueOf } from '../../src/model/shell.ts';

/** What the shell makes of a command: the arguments of printf, each with a mark behind it. */
function readBack(shell: string, words: string, env: Record<string, string> = {}): string[] {
  const said = execFileSync(shell, ['-c', `printf '%s|end|' ${words}`], {
    env: { PATH: '/usr/bin:/bin', ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return said.split('|end|').slice(0, -1);
}

const WORDS = [
  '',
  'v1.2.0',
  '/srv/my shop/$HOME',
  `it's "here"`,
  "'",
  "''",
  '`id` $(id) ${HOME} !! \\ \\\\ \\n %s %%',
  '*?[a-z]{a,b}~ ~root #no',
  '-n',
  'a=b',
  'a;b&c|d<e>f(g)',
  'two\nlines\n',
  '\n',
  'tab\there',
  'bell\u0007 escape\u001b[2J back\\slash \'quotes\' "double" 100%\n\n',
  'turned \u202e round, joined\u200b',
  '倉庫 🚨 é',
  '{"mode":"safe","reason":"it\'s $5"}',
];

describe.each(['sh', 'bash'])('%s reads back', (shell) => {
  test.each(WORDS.map((word) => [JSON.stringify(word), word]))('%s', (_name, word) => {
    expect(readBack(shell, quote(word))).toEqual([word]);
  });

  test('all of them beside each other, and glued together', () => {
    expect(readBack(shell, WORDS.map(quote).join(' '))).toEqual(WORDS);
    // $( ) in the middle is the same: a word may be made of several.
    expect(readBack(shell, WORDS.map(quote).join(''))).toEqual([WORDS.join('')]);
  });

  test('the value of a variable as one word, whatever is in it', () => {
    const value = 'a b *  $HOME "c" \'d\'';
    expect(readBack(shell, valueOf('SECRET'), { SECRET: value })).toEqual([value]);
  });

  test.each([{}, { SECRET: '' }])('and does not run without it: %j', (env) => {
    expect(() => readBack(shell, valueOf('SECRET'), env)).toThrow(/SECRET: is not set here/);
  });
});

test('What is printed moves no cursor and starts no completion.', () => {
  for (const word of WORDS) expect(quote(word)).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
});

test('A word that a shell would take for its own is quoted, a plain one is not.', () => {
  expect(quote('if')).toBe("'if'");
  expect(quote('time')).toBe("'time'");
  expect(quote('timeout')).toBe('timeout');
  expect(quote('/usr/bin/deploy')).toBe('/usr/bin/deploy');
});

test('A command is taken apart between its words, and nowhere else.', () => {
  const words = [...WORDS.map(quote), valueOf('A_B'), '"$(printf %s "${X:?no} b" | sed s,a,b,)"'];
  expect(splitCommand(words.join(' '))).toEqual(words);
  expect(splitCommand('(cd a && b)')).toEqual(['(cd', 'a', '&&', 'b)']);
  expect(splitCommand('')).toEqual([]);
});
