import {
  isProbablyInnocent,
  nextCommand,
  validationFailed,
} from '../../src/operations/finish-rollback.ts';
import type { RollbackResult } from '../../src/operations/operation-ports.ts';
import { describeInnocence } from '../../src/operations/review-innocence.ts';
import { moveWords } from '../../src/model/plan.ts';
import { listOff } from '../../src/model/still-off.ts';
import { labelled, nextLine, wrap } from './text.ts';
import { formatDuration } from './time.ts';

/**
 * What to say at the end of an execution: what is true now, what is off, what to do next.
 * @param live what the targets say now, asked afterwards
 * @param again adds the options that the next command needs too
 * @param notes further lines about the state of things
 */
export function renderResult(
  result: RollbackResult,
  live: string | undefined,
  again = (command: string): string => command,
  notes: readonly string[] = [],
): string {
  const { execution, stillOff, problems, postmortem, innocence } = result;
  const { plan, within_budget_ms: measured } = execution;
  const lines = [...headline(result, live), ''];
  if (plan.level !== 'flags' && execution.outcome !== 'done') {
    lines.push(labelled('Live', live ?? 'not known: the targets do not say'));
  }
  if (isDone(result, 'hold-release')) {
    lines.push(labelled('Held', `${plan.from ?? '?'}, so that nothing deploys it again`));
  }
  if (isDone(result, 'end-hold')) {
    lines.push(labelled('Hold', `ended: ${plan.to ?? '?'} may be deployed again`));
  }
  lines.push(labelled('Off', listOff(stillOff).join(', ') || 'nothing'));
  if (measured !== undefined) {
    const budget = formatDuration(plan.budget_ms);
    lines.push(
      labelled('Time', `${formatDuration(measured)} of ${budget} for level ${plan.level}`),
    );
  }
  // That it is probably not the cause is one of the problems.
  if (innocence !== undefined && innocence.verdict !== 'probably-not-the-cause') {
    lines.push(labelled('Cause', describeInnocence(innocence, plan.from).join(' ')));
  }
  for (const problem of new Set(problems)) lines.push(labelled('Problem', problem));
  const remedy = execution.steps.flatMap(({ result: { outcome, ...rest } }) =>
    outcome === 'failed' && 'remedy' in rest ? [rest.remedy] : [],
  )[0];
  if (remedy !== undefined) lines.push(labelled('Do', remedy));
  if (postmortem !== undefined) lines.push(labelled('Draft', postmortem));
  lines.push(...notes, nextLine(again(nextCommand(execution))));
  return lines.join('\n');
}

function headline(
  { execution, incident, innocence }: RollbackResult,
  live: string | undefined,
): string[] {
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
    ];
  }
  const from = plan.from ?? 'the release that was live';
  const to = plan.to ?? '?';
  const { noun, past } = moveWords(plan);
  if (validationFailed(execution)) {
    const innocent = isProbablyInnocent(execution, innocence)
      ? `: ${from} is probably not the cause`
      : '';
    return [
      wrap(`${past} to ${to}, STILL NOT HEALTHY: ${where}, incident ${incident}`),
      wrap(`${to} is live and the checks still fail${innocent}.`),
    ];
  }
  const title = {
    done: `${past} to ${to}`,
    partial: `${past} to ${to}, with problems`,
    failed: `${noun} to ${to} FAILED`,
    unknown: `${noun} to ${to} NOT PROVEN`,
    refused: `${noun} to ${to} STOPPED: it is somebody else's now`,
  }[outcome];
  return [wrap(`${title}: ${where}, incident ${incident}`)];
}

function isDone({ execution }: RollbackResult, id: string): boolean {
  return execution.steps.some(({ step, result }) => step.id === id && result.outcome === 'done');
}
