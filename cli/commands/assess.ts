import type { Command } from 'commander';
import { BackoutError } from '../../src/model/error.ts';
import { type StageResult, foldStage } from '../../src/model/check.ts';
import { assess } from '../../src/operations/assess.ts';
import { runStage } from '../../src/operations/validate.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT, exitCodeOfVerdict } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { renderAssessment } from '../render/assessment.ts';
import { table } from '../render/text.ts';
import { formatDuration } from '../render/time.ts';

/** All checks of a stage together; each has its own, shorter time. */
const VALIDATE_CAP_MS = 120_000;
const SIGN = {
  passed: 'PASS',
  failed: 'FAIL',
  inconclusive: 'INCONCLUSIVE',
  error: 'ERROR',
} as const;

export function addAssess(program: Command, run: Runner): void {
  program
    .command('assess')
    .description('what is live, what is off, where you could go back to')
    .action(run(showAssessment));
  program
    .command('validate')
    .description('run the checks and print the checklist')
    .option('--stage <name>', 'now, t+2 or t+10', 'now')
    .action(run(validate));
}

async function showAssessment(options: GlobalOptions) {
  return await withService(options, { need: 'assess' }, async ({ service, out, again }) => {
    const assessment = await assess(service.ports);
    const { candidates } = service.config.releases;
    out.result(assessment, renderAssessment(assessment, candidates, again));
    return assessment.problems.length === 0 ? EXIT.done : EXIT.uncertain;
  });
}

async function validate(options: GlobalOptions & { stage: string }) {
  return await withService(options, { need: 'validate' }, async ({ service, out }) => {
    const { ports } = service;
    if (!ports.facts.stages.some(({ name }) => name === options.stage)) {
      throw new BackoutError({
        code: 'E_STAGE',
        kind: 'usage',
        message: `There is no stage ${JSON.stringify(options.stage)}.`,
        remedy: `Name one of: ${ports.facts.stages.map(({ name }) => name).join(', ')}.`,
      });
    }
    const { overrides } = await ports.flags.read();
    const safeState = overrides.some(({ mode }) => mode !== 'lifted');
    const signal = AbortSignal.timeout(VALIDATE_CAP_MS);
    const stage = await runStage(ports.checks, options.stage, { safeState, signal });
    out.result({ ...stage, safe_state: safeState }, renderStage(stage, safeState));
    return exitCodeOfVerdict(stage.verdict);
  });
}

/** The checklist of one stage. */
function renderStage(stage: StageResult, safeState: boolean): string {
  const rows = stage.measurements.map(({ check, verdict, reason, duration_ms: ms }) => [
    `  ${SIGN[verdict]}`,
    check,
    formatDuration(ms),
    reason,
  ]);
  const folded = foldStage(stage.stage, stage.measurements).verdict;
  return [
    `Validation ${stage.stage}${safeState ? ', while the safe state is on' : ''}`,
    rows.length === 0 ? '  no check is configured for this stage' : table(rows),
    `${SIGN[folded]}: ${rows.length === 1 ? '1 check' : `${rows.length} checks`}`,
  ].join('\n');
}
