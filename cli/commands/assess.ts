import type { Command } from 'commander';
import { type Survey, survey } from '../../src/operations/survey.ts';
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
    const { rules, drills, releases, repository } = service.config;
    const found = await survey(service.ports, {
      rules,
      expires: drills,
      defaultBranch: repository.default_branch,
    });
    const now = service.ports.clock.now();
    const text = renderAssessment(found, { candidates: releases.candidates, now, again });
    out.result(asDocument(found), text);
    return found.problems.length === 0 ? EXIT.done : EXIT.uncertain;
  });
}

/**
 * What machines get. All tags and records would be megabytes in an old repository, whatever is
 * asked: those that matter are among the candidates, and the others are counted.
 */
export function asDocument({ tags, releases, ...rest }: Survey) {
  return { ...rest, counts: { tags: tags.length, releases: releases.length } };
}
