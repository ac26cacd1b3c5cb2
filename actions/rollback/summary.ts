import type { RollbackResult } from '../../src/operations/operation-ports.ts';
import { describeInnocence } from '../../src/operations/review-innocence.ts';
import { nextCommand, validationFailed } from '../../src/operations/finish-rollback.ts';
import { LEVELS } from '../../src/model/level.ts';
import { moveWords, type Plan, shortHash, stagesOf } from '../../src/model/plan.ts';
import { listOff } from '../../src/model/still-off.ts';
import { seconds } from '../common/log.ts';
import { escapeMarkdown, escapeMermaid, markdownTable } from '../common/markdown.ts';
import { whatHappened } from '../common/refusal.ts';
import type { ActionReport, Moment } from './run-action.ts';

/** The page that people see under the run: what is true now, how long it took, what is next. */
export function renderSummary(report: ActionReport): string {
  const { done, error } = report;
  if (error !== undefined) {
    return [
      `## ${escapeMarkdown(error.code)}`,
      '',
      ...whatHappened(error).flatMap((line) => [escapeMarkdown(line), '']),
      `**State:** ${escapeMarkdown(error.state)}`,
      '',
      `**Do:** ${escapeMarkdown(error.remedy)}`,
      '',
      ...timeline(report.moments),
    ].join('\n');
  }
  if (done === undefined) return '## Nothing was done\n';
  if (done.kind === 'planned') return renderPlanned(done.plan);
  return renderExecuted(done.result, report);
}

function renderPlanned(plan: Plan): string {
  return [
    `## Dry run: nothing was changed`,
    '',
    `${plan.undoes === undefined ? '' : 'Return from a rollback. '}Level ${plan.level}, ${escapeMarkdown(`${plan.from ?? '?'} → ${plan.to ?? 'safe state'}`)}, ` +
      `plan \`${shortHash(plan.hash)}\`, budget ${seconds(plan.budget_ms)}.`,
    '',
    ...markdownTable(
      ['Stage', 'Step', 'At most'],
      stagesOf(plan).flatMap((steps, index) =>
        steps.map(({ title, cap_ms: cap }) => [String(index + 1), title, seconds(cap)]),
      ),
    ),
    '',
    'Steps of one stage run side by side.',
    '',
  ].join('\n');
}

function renderExecuted(result: RollbackResult, { moments, budgets }: ActionReport): string {
  const { execution, incident, stillOff, problems, postmortem, innocence } = result;
  const { plan, within_budget_ms: measured } = execution;
  const off = listOff(stillOff);
  const notDone = execution.steps.filter(({ result: { outcome } }) => outcome !== 'done');
  return [
    `## ${escapeMarkdown(headline(result))}`,
    '',
    escapeMarkdown(`${plan.service} ${plan.environment}, incident ${incident}, `) +
      `plan \`${shortHash(plan.hash)}\`.`,
    '',
    ...timeline(moments),
    ...markdownTable(
      ['Level', 'Measured', 'Budget', 'Verdict'],
      LEVELS.map((level) => {
        const budget = budgets?.[level] ?? plan.budget_ms;
        if (level !== plan.level) return [level, 'not run here', seconds(budget), '-'];
        if (measured === undefined) return [level, 'not reached', seconds(budget), 'not passed'];
        const isMet = measured <= budget && execution.outcome === 'done';
        return [level, seconds(measured), seconds(budget), isMet ? 'passed' : 'not passed'];
      }),
    ),
    '',
    '### STILL OFF',
    '',
    ...(off.length === 0 ? ['Nothing.'] : off.map((one) => `- ${escapeMarkdown(one)}`)),
    '',
    ...(notDone.length === 0
      ? []
      : [
          '### Not proven',
          '',
          ...notDone.map(({ step, result: why }) =>
            escapeItem(`${step.title}: ${why.outcome === 'done' ? '' : why.problem}`),
          ),
          '',
        ]),
    ...(innocence === undefined || innocence.verdict === 'probably-not-the-cause'
      ? []
      : ['### Cause', '', ...describeInnocence(innocence, plan.from).map(escapeItem), '']),
    ...(problems.length === 0
      ? []
      : ['### Problems', '', ...new Set(problems.map(escapeItem)), '']),
    '### Next',
    '',
    `- ${escapeMarkdown(nextCommand(execution))}`,
    ...(postmortem === undefined ? [] : [escapeItem(`Postmortem draft: ${postmortem}`)]),
    '',
  ].join('\n');
}

const escapeItem = (text: string): string => `- ${escapeMarkdown(text)}`;

/** Never "rolled back" when only flags moved. */
export function headline({ execution }: RollbackResult): string {
  const { plan, outcome } = execution;
  if (plan.level === 'flags') {
    const title = {
      done: 'SAFE STATE ON',
      partial: 'SAFE STATE ON, NOT FULLY PROVEN',
      failed: 'SAFE STATE NOT ON',
      unknown: 'SAFE STATE NOT PROVEN',
      refused: 'SAFE STATE REFUSED',
    }[outcome];
    return `${title}. The release is NOT rolled back`;
  }
  const to = plan.to ?? '?';
  const { noun, past } = moveWords(plan);
  if (validationFailed(execution)) return `${past} to ${to}, STILL NOT HEALTHY`;
  return {
    done: `${past} to ${to}`,
    partial: `${past} to ${to}, with problems`,
    failed: `${noun} to ${to} FAILED`,
    unknown: `${noun} to ${to} NOT PROVEN`,
    refused: `${noun} to ${to} STOPPED, it is somebody else's now`,
  }[outcome];
}

function timeline(moments: readonly Moment[]): string[] {
  if (moments.length === 0) return [];
  return [
    '```mermaid',
    'timeline',
    '  title Seconds since the start',
    ...moments.map(({ at, text }) => `  ${(at / 1000).toFixed(1)} s : ${escapeMermaid(text)}`),
    '```',
    '',
  ];
}
