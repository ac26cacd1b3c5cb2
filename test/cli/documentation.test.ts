import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildProgram } from '../../cli/program.ts';

const page = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/cli.md'), 'utf8');

/** Sections of the page by their heading, `backout flags list` and so on. */
const sections = new Map(
  page.split(/^#{2,3} /m).map((section) => {
    const [heading = '', ...text] = section.split('\n');
    return [heading.trim(), text.join('\n')];
  }),
);

/** Every command that does something, with its full name. */
function commandsOf(command: Command, path: string): [string, Command][] {
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((one) => commandsOf(one, `${path} ${one.name()}`));
}

const program = await buildProgram(() => undefined);
const commands = commandsOf(program, 'backout');

test('docs/cli.md has a section for every command, and for no other.', () => {
  const documented = [...sections.keys()].filter((heading) => heading.startsWith('backout '));
  expect(documented.toSorted()).toEqual(commands.map(([name]) => name).toSorted());
});

test.each(commands)(
  'The section of %s names its options and arguments, and no others.',
  (name, command) => {
    const text = sections.get(name) ?? '';
    const options = command.options.map(({ long }) => long ?? '');
    expect(options.filter((option) => !text.includes(`\`${option}`))).toEqual([]);
    const tables = text.split('\n').filter((line) => line.startsWith('| `--'));
    const named = tables.flatMap((row) => row.split('|')[1]?.match(/--[a-z-]+/g) ?? []);
    expect(named.filter((option) => !options.includes(option))).toEqual([]);
    for (const argument of command.registeredArguments) {
      const written = argument.required ? `<${argument.name()}>` : `[${argument.name()}`;
      expect(name.startsWith('backout release') ? page : text).toContain(written);
    }
  },
);

test('The options that all commands have are explained once.', () => {
  const text = sections.get('What all commands have in common') ?? '';
  expect(program.options.filter(({ long }) => !text.includes(`${long}`))).toEqual([]);
});

test.each(commands.filter(([name]) => !/drill|resume/.test(name)))('%s has an example.', (name) => {
  expect(sections.get(name)).toContain(`\n$ ${name}`);
});

test('Every command has its row in the table of JSON documents.', () => {
  const text = sections.get('JSON') ?? '';
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => row.split('|')[1]?.match(/`([a-z -]+)/g) ?? []);
  const words = named.map((word) => `backout ${word.slice(1).trim()}`);
  expect(commands.filter(([name]) => !words.includes(name)).map(([name]) => name)).toEqual([]);
});
