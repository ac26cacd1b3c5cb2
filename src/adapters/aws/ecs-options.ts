import type { Clock } from '../../ports/clock.ts';
import type { EcsPlace } from './ecs-calls.ts';
import type { NeedsAsked } from './ecs-needs.ts';

/** What an ECS target has to know. */
export interface EcsOptions extends EcsPlace, NeedsAsked {
  /** Container whose image is the release; left out: the only essential one. */
  container?: string | undefined;
  /** How the team thinks that the service replaces its tasks; it is compared. */
  strategy: 'rolling' | 'blue-green';
  /** Longest time for one deployment, in milliseconds: a longer bake is refused. */
  timeoutMs: number;
  /** Account that the service has to be in; left out: any. */
  account?: string | undefined;
  clock: Clock;
  /** Between two looks at a rollout, in milliseconds. Default 3,000: a task starts in 10 s or more. */
  pollMs?: number;
  /** One line for people per thing done. */
  onOutput?: (line: string) => void;
}
