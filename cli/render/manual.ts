import type { ManualPlan, ManualStep } from '../../src/operations/manual/facts.ts';
import { breakCommand, wrap } from './text.ts';
import { formatInstant } from './time.ts';

/**
 * The steps as text that is a script too: everything that is not a command is a comment, so that
 * nothing happens when more is pasted than was meant.
 */
export function renderManual(plan: ManualPlan): string {
  const { service, environment, level, incident, at, unknown, steps } = plan;
  return [
    comment(`BY HAND: ${service} ${environment}, level ${level}, incident ${incident}`),
    comment(`Made ${formatInstant(at)}. Nothing was changed.`),
    ...unknown.map((problem) => comment(`NOT KNOWN FROM HERE: ${problem}`)),
    comment(
      'Start a POSIX shell (`sh`), then paste one step after the other, and look at each before ' +
        'you go on. All of it in one shell.',
    ),
    ...steps.flatMap((step, index) => ['', ...renderStep(step, index + 1)]),
  ].join('\n');
}

function renderStep(step: ManualStep, number: number): string[] {
  const { title, why, commands, offers, look, expect, notes } = step;
  return [
    comment(`${number}. ${title}`),
    comment(why),
    ...notes.map((note) => wrap(note, '# - ', '#   ')),
    ...commands.map((command) => breakCommand(command)),
    ...(offers === undefined ? [] : offered(offers)),
    ...(look.length === 0 || commands.length === 0 ? [] : [comment('Look:')]),
    ...look.map((command) => breakCommand(command)),
    ...(expect === undefined ? [] : [wrap(`You should see: ${expect}`, '# ', '#   ')]),
  ];
}

/** Not wrapped: what is pasted has to stay on its line. */
function offered({ say, lines }: NonNullable<ManualStep['offers']>): string[] {
  return [comment(say), ...lines.map((line) => `# ${line}`)];
}

function comment(text: string): string {
  return wrap(text, '# ', '# ');
}
