import type { Command } from 'commander';
import { asDocument, survey } from '../../src/operations/survey.ts';
import { surveyOptions } from '../../src/wiring/survey-options.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { renderAssessment } from '../render/assessment.ts';

export function addAssess(program: Command, run: Runner): void {
  program
    .command('assess')
    .description('what is live, what is off, where you could go back to')
    .action(run(showAssessment));
}

async function showAssessment(options: GlobalOptions) {
  return await withService(options, { need: 'assess' }, async ({ service, out, again }) => {
    const { config, ports } = service;
    const found = await survey(ports, surveyOptions(config));
    const { candidates } = config.releases;
    const text = renderAssessment(found, { candidates, now: ports.clock.now(), again });
    out.result(asDocument(found), text);
    return found.problems.length === 0 ? EXIT.done : EXIT.uncertain;
  });
}
