import type { EnvironmentVariables } from '../config/environment.ts';
import type { SelectedConfig } from '../config/select.ts';
import type { ChangeHistory } from '../ports/changes.ts';
import { fillTargetPlaces, regionOfTarget } from './build-targets.ts';

/**
 * Who knows about changes besides the targets: AWS CloudTrail, for what is on AWS. Fleets are left
 * out: every look of the guard itself is a command to them.
 */
export function buildHistory(
  config: SelectedConfig,
  variables: EnvironmentVariables,
): ChangeHistory[] {
  const onAws = Object.values(config.targets).some(
    ({ kind }) => kind === 'ecs' || kind === 'lambda-alias',
  );
  if (!onAws) return [];
  return [
    {
      name: 'CloudTrail',
      async changes(question, signal) {
        const target = config.targets[question.target];
        if (target?.kind !== 'ecs' && target?.kind !== 'lambda-alias') return [];
        const region = regionOfTarget(config, target, variables);
        if (region === undefined) return [];
        const fill = (text: string): string => fillTargetPlaces(config, question.target, text);
        // The client of AWS is loaded when somebody asks, which is hardly ever.
        const { lookInTrail } = await import('./build-trail.ts');
        return await lookInTrail(target, { region, fill }, question, signal);
      },
    },
  ];
}
