/**
 * What came of a deployment, as whoever wrote it down says. `waiting`: not begun, for a machine or
 * for a person. `inactive`: it was live, and was taken off. `unknown`: it says nothing that we know.
 */
export type DeploymentState =
  | 'waiting'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'inactive'
  | 'unknown';

/** One deployment to an environment, from a source that is not Backout's own record. */
export interface Deployment {
  id: string;
  /** Tag or branch that was deployed. */
  ref: string;
  commit: string;
  state: DeploymentState;
  /** Who or what began it; undefined when nobody says. */
  by: string | undefined;
  /** When it was begun, ISO 8601 UTC. */
  createdAt: string;
  /** Page for people; undefined when there is none. */
  url: string | undefined;
}
