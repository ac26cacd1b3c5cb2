import { expect, test } from 'vitest';
import { buildProgram } from '../../cli/program.ts';

async function commandsFor(...argv: string[]): Promise<string[]> {
  const program = await buildProgram(() => undefined, argv);
  return program.commands.map((command) => command.name());
}

const all = await commandsFor();

test.each([
  [['assess']],
  [['--json', 'assess']],
  [['--config', 'drill', 'assess', '--json']],
  [['-e', 'drill', '--config=x', 'assess']],
  [['--environment=drill', 'assess', 'check']],
])('For %j only the command that is meant is loaded.', async (argv) => {
  expect(await commandsFor(...argv)).toEqual(['assess']);
});

test('A command that shares its module with another one is there too.', async () => {
  expect(await commandsFor('plan')).toContain('plan');
  expect(await commandsFor('rollback', 'application')).toContain('rollback');
});

test.each([[[]], [['--help']], [['help', 'assess']], [['asess']], [['--unknown', 'assess']]])(
  'For %j all are there: they are named.',
  async (argv) => {
    expect(await commandsFor(...argv)).toEqual(all);
  },
);

test('Every command is loaded by its own name.', async () => {
  expect(all.length).toBeGreaterThan(10);
  for (const name of all) expect(await commandsFor(name)).toContain(name);
});
