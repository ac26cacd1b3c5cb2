import { type Plan, shortHash } from '../../src/model/plan.ts';
import { formatDuration } from './time.ts';
import { table, wrap } from './text.ts';

/** A plan as a person reads it before saying yes. */
export function renderPlan(plan: Plan): string {
  const where = `${plan.service} ${plan.environment}`;
  const what =
    plan.level === 'flags'
      ? `Safe state on for ${where}`
      : `Roll ${where} back: ${plan.from ?? 'unknown release'} → ${plan.to ?? '?'}`;
  const rows = plan.steps.map((step, index) => [
    `  ${index + 1}`,
    formatDuration(step.cap_ms),
    `${step.title}${step.essential ? '' : ' (goes on without)'}`,
  ]);
  return [
    wrap(`${what}, level ${plan.level}, budget ${formatDuration(plan.budget_ms)}`),
    '',
    table([['  #', 'at most', 'step'], ...rows]),
    '',
    `Plan ${shortHash(plan.hash)} · configuration ${shortHash(plan.config_hash)}`,
  ].join('\n');
}
