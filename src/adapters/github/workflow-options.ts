import type { Clock } from '../../ports/clock.ts';
import type { WorkflowPlace } from './workflow-calls.ts';

export interface WorkflowOptions extends WorkflowPlace {
  name: string;
  /** Which version of the workflow file runs. */
  ref: 'tag' | 'default_branch';
  /** Values may contain {tag}, {commit}, {incident}, {fence} and the names of `places`. */
  inputs: Readonly<Record<string, string>>;
  /** `service`, `environment` and `target`, for inputs and for the name of a run. */
  places: Readonly<Record<string, string>>;
  /** What the names of runs look like (run-name.ts); left out: they say nothing. */
  runName?: string | undefined;
  /** What says which release is live: GitHub's deployments, or every run of the workflow. */
  liveFrom: 'deployments' | 'runs';
  /** Name of the environment on GitHub, for `deployments`. */
  environment: string;
  /** Whether a tag or branch names a release: branches deploy too, and are none. */
  isRelease: (name: string) => boolean;
  /** Folder of the fence and of what we started, one per service and environment. */
  stateDirectory: string;
  /** Cap of one deployment, in milliseconds. */
  timeoutMs: number;
  clock: Clock;
  /** Between two looks at a run, in milliseconds. Default 3,000. */
  pollMs?: number;
  /** One line for people per thing done. */
  onOutput?: (line: string) => void;
}
