import type { RollbackResult } from '../../src/operations/operation-ports.ts';
import { nextCommand, validationFailed } from '../../src/operations/finish-rollback.ts';
import { listOff } from '../../src/model/still-off.ts';
import { labelled } from '../output.ts';
import { formatDuration } from './time.ts';
import { wrap } from './text.ts';

/** What to say at the end of an execution: what is true now, what is off, what to do next. */
export function renderResult(result: RollbackResult, live: string | undefined): string {
  const { execution, stillOff, problems, postmortem } = result;
  const { plan, within_budget_ms: measured } = execution;
  const lines = [
    ...headline(result, live),
    labelled('Off', listOff(stillOff).join(', ') || 'nothing'),
  ];
  if (measured !== undefined) {
    lines.push(
      labelled(
        'Time',
        `${formatDuration(measured)} of ${formatDuration(plan.budget_ms)} for level ${plan.level}`,
      ),
    );
  }
  for (const problem of new Set(problems)) lines.push(labelled('Problem', problem));
  const remedy = execution.steps.flatMap(({ result: { outcome, ...rest } }) =>
    outcome === 'failed' && 'remedy' in rest ? [rest.remedy] : [],
  )[0];
  if (remedy !== undefined) lines.push(labelled('Do', remedy));
  if (postmortem !== undefined) lines.push(labelled('Draft', postmortem));
  lines.push(labelled('Next', nextCommand(execution)));
  return lines.join('\n');
}

function headline({ execution, incident }: RollbackResult, live: string | undefined): string[] {
  const { plan, outcome } = execution;
  const where = `${plan.service} ${plan.environment}`;
  if (plan.level === 'flags') {
    const title = {
      done: 'SAFE STATE ON',
      partial: 'SAFE STATE ON, NOT FULLY PROVEN',
      failed: 'SAFE STATE NOT ON',
      unknown: 'SAFE STATE NOT PROVEN',
      refused: 'SAFE STATE REFUSED',
    }[outcome];
    return [
      wrap(`${title}: ${where}, incident ${incident}`),
      wrap(`${live ?? 'The live release'} is NOT rolled back.`),
      '',
    ];
  }
  const from = plan.from ?? 'the release that was live';
  const to = plan.to ?? '?';
  const notHelped = validationFailed(execution)
    ? [wrap(`${to} is live and the checks still fail: ${from} is probably not the cause.`)]
    : [];
  const title = {
    done: `ROLLED BACK to ${to}`,
    partial: `ROLLED BACK to ${to}, with problems`,
    failed: `ROLLBACK to ${to} FAILED`,
    unknown: `ROLLBACK to ${to} NOT PROVEN`,
    refused: `ROLLBACK to ${to} STOPPED: it is somebody else's now`,
  }[outcome];
  return [wrap(`${title}: ${where}, incident ${incident}`), ...notHelped, ''];
}
