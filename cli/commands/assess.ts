import type { Command } from 'commander';
import { assess } from '../../src/operations/assess.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { guardNote } from '../guard-note.ts';
import type { Runner } from '../program.ts';
import { renderAssessment } from '../render/assessment.ts';

export function addAssess(program: Command, run: Runner): void {
  program
    .command('assess')
    .description('what is live, what is off, where you could go back to')
    .action(run(showAssessment));
}

async function showAssessment(options: GlobalOptions) {
  return await withService(options, { need: 'assess' }, async (context) => {
    const { service, out, again } = context;
    const [assessment, { guard, line }] = await Promise.all([
      assess(service.ports),
      guardNote(context),
    ]);
    const { candidates } = service.config.releases;
    const text = renderAssessment(assessment, candidates, again, [line]);
    out.result({ ...assessment, guard }, text);
    return assessment.problems.length === 0 ? EXIT.done : EXIT.uncertain;
  });
}
