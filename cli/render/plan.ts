import { type Plan, type Step, shortHash, stagesOf } from '../../src/model/plan.ts';
import type { PreparedRollback } from '../../src/operations/roll-back.ts';
import { describeService } from '../../src/operations/service-dependencies.ts';
import { formatDuration, formatInstant } from './time.ts';
import { table, wrap } from './text.ts';

/** A plan as a person reads it before saying yes. */
export function renderPlan(plan: Plan): string {
  const budget = `budget ${formatDuration(plan.budget_ms)}`;
  const brackets = new Map(stagesOf(plan).flatMap(bracket));
  const rows = plan.steps.map((step, index) => [
    `  ${index + 1}${brackets.get(step.id) ?? ''}`,
    formatDuration(step.cap_ms),
    `${step.title}${step.essential ? '' : ' (goes on without)'}`,
  ]);
  return [
    wrap(
      plan.level === undefined
        ? describeAim(plan)
        : `${describeAim(plan)}, level ${plan.level}, ${budget}`,
    ),
    ...mixedLine(plan),
    '',
    table([['  #', 'at most', 'step'], ...rows]),
    '',
    ...(brackets.size === 0 ? [] : ['Steps between ┐ and ┘ run side by side.']),
    `Plan ${shortHash(plan.hash)} · configuration ${shortHash(plan.config_hash)}`,
  ].join('\n');
}

/** What a plan is for. */
function describeAim({ level, service, environment, from, to, undoes }: Plan): string {
  const where = `${service} ${environment}`;
  if (level === undefined) return `Maintenance of ${where}`;
  if (level === 'flags') return `Safe state on for ${where}`;
  const way = `${from ?? 'unknown release'} → ${to ?? '?'}`;
  return undoes === undefined
    ? `Roll ${where} back: ${way}`
    : `Return to ${to ?? '?'} on ${where}: ${way}`;
}

/** The signs that join the steps of one stage. */
function bracket(stage: readonly Step[]): [string, string][] {
  if (stage.length === 1) return [];
  return stage.map(({ id }, index) => {
    const sign = index === 0 ? '┐' : index === stage.length - 1 ? '┘' : '│';
    return [id, ` ${sign}`];
  });
}

/** What each target runs, where they do not all say the same. */
function mixedLine({ from_parts: parts, steps }: Plan): string[] {
  if (parts === undefined) return [];
  const names = steps.flatMap(({ action }) => (action.kind === 'deploy' ? [action.target] : []));
  const said = new Map(Object.entries(parts));
  const now = names.map((name) => `${name} ${said.get(name) ?? 'does not say'}`);
  return [wrap(`Live now: ${now.join(', ')}`)];
}

/** What somebody has to know besides the plan itself. */
export function describeSurroundings(prepared: PreparedRollback): string[] {
  const { plan, assessment } = prepared;
  if (plan.level === 'flags') return [];
  return [
    ...assessment.services.map((one) => wrap(describeService(one), 'Before this: ')),
    ...describeReturn(prepared),
  ];
}

/** Before a release goes live that is held; nothing for a rollback. */
function describeReturn({ plan, assessment }: PreparedRollback): string[] {
  if (plan.undoes === undefined) return [];
  const { hold } = assessment.releases.find(({ tag }) => tag === plan.to) ?? {};
  const to = plan.to ?? '?';
  const held =
    hold === undefined
      ? `${to} is not held any more.`
      : `${to} is held since ${formatInstant(hold.at)} by ${hold.by}: ${hold.reason}`;
  return [
    wrap(held, 'Held: '),
    wrap(`The hold of ${to} ends when ${to} is proven live. ${plan.from ?? '?'} is not held.`),
    wrap('Flags and breakers are not touched: what is off stays off.'),
  ];
}
