import { expect, test } from 'vitest';
import { inert } from '../../actions/common/log.ts';
import { escapeMarkdown, escapeMermaid } from '../../actions/common/markdown.ts';

const NASTY = [
  '```\ninjected',
  '| a | b |\n|---|---|',
  '<img src=x onerror=alert(1)>',
  '[click](https://example.org)',
  'https://example.org www.example.org',
  '@everyone #1 ~~x~~ **x** _x_ `x`',
  'a\r\n## b',
  'v1.0\u202e.1\u0000',
  '%%{init: {}}%% : section ; click x href "y"',
];

test.each(NASTY)('%j can do nothing in a summary, and still says the same.', (text) => {
  const escaped = escapeMarkdown(text);
  expect(escaped).toMatch(/^([\p{L}\p{M}\p{N} .,/-]|&#\d+;)*$/u);
  expect(escaped).not.toContain('www.');
  const read = escaped.replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
  expect(read).toBe(text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' '));
});

test.each(NASTY)('%j can do nothing in a diagram.', (text) => {
  expect(escapeMermaid(text)).toMatch(/^[\p{L}\p{N} ._/+-]+$/u);
  expect(escapeMermaid(text).length).toBeLessThanOrEqual(80);
});

test.each([
  ['::set-output name=x::y'],
  ['web: fine\n::add-mask::e'],
  ['  ::error::x'],
  ['a\r::stop-commands::t'],
  ['web: ##[group]x'],
])('%j gives the runner no order.', (text) => {
  const said = inert(text);
  expect(said).not.toMatch(/^\s*::/m);
  expect(said).not.toContain('##[');
});
