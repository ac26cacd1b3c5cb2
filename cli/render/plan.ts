import { type Plan, shortHash } from '../../src/model/plan.ts';
import { formatDuration } from './time.ts';
import { table, wrap } from './text.ts';

/** A plan as a person reads it before saying yes. */
export function renderPlan(plan: Plan): string {
  const budget = `budget ${formatDuration(plan.budget_ms)}`;
  const rows = plan.steps.map((step, index) => [
    `  ${index + 1}`,
    formatDuration(step.cap_ms),
    `${step.title}${step.essential ? '' : ' (goes on without)'}`,
  ]);
  return [
    wrap(
      plan.level === undefined
        ? describeAim(plan)
        : `${describeAim(plan)}, level ${plan.level}, ${budget}`,
    ),
    '',
    table([['  #', 'at most', 'step'], ...rows]),
    '',
    `Plan ${shortHash(plan.hash)} · configuration ${shortHash(plan.config_hash)}`,
  ].join('\n');
}

/** What a plan is for. */
function describeAim({ level, service, environment, from, to }: Plan): string {
  const where = `${service} ${environment}`;
  if (level === undefined) return `Maintenance of ${where}`;
  if (level === 'flags') return `Safe state on for ${where}`;
  return `Roll ${where} back: ${from ?? 'unknown release'} → ${to ?? '?'}`;
}
