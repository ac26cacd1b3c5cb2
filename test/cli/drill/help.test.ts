import { expect, test } from 'vitest';
import { buildProgram } from '../../../cli/program.ts';
import { failingSteps } from '../../../cli/drill/sabotage.ts';

test('The help of the drill names every step that it can make fail.', async () => {
  const program = await buildProgram(() => undefined);
  const drill = program.commands.find((one) => one.name() === 'drill');
  let help = '';
  drill?.configureOutput({ writeOut: (text) => (help += text) });
  drill?.outputHelp();
  expect(failingSteps().length).toBeGreaterThan(0);
  for (const { name } of failingSteps()) expect(help).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
