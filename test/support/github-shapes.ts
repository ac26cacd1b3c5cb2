/** Runs and deployments of the GitHub of tests, and how its API shows them. */

/** Where people look at it. */
export const HTML = 'https://github.example/acme/shop';

/** Where a run ends, and how long it stays on the way. */
export interface Course {
  /** Looks in which it waits in the queue, and in which it works. */
  queued: number;
  working: number;
  conclusion: 'success' | 'failure' | 'cancelled' | 'timed_out';
  /** Waits for a person: it stays `waiting` until `approve`. */
  approval: boolean;
}

export interface Run {
  id: number;
  file: string;
  ref: string;
  sha: string;
  title: string;
  event: string;
  actor: string;
  environment: string | undefined;
  inputs: Record<string, string>;
  status: 'queued' | 'waiting' | 'in_progress' | 'completed';
  conclusion: string | null;
  started: boolean;
  course: Course;
  at: string;
}

export interface Deployment {
  id: number;
  environment: string;
  ref: string;
  sha: string;
  creator: string;
  at: string;
  /** Newest last. */
  statuses: { state: string; log_url: string; at: string }[];
  run: Run | undefined;
}

export function showRun(run: Run): object {
  const { id, file, ref, sha, title, event, actor, status, conclusion, at } = run;
  return {
    id,
    name: file,
    path: `.github/workflows/${file}`,
    display_title: title,
    head_branch: ref,
    head_sha: sha,
    event,
    status,
    conclusion,
    html_url: `${HTML}/actions/runs/${id}`,
    created_at: at,
    run_attempt: 1,
    actor: { login: actor },
  };
}

export function showJobs({ started, status, conclusion }: Run): object {
  const steps = started ? [{ name: 'Deploy', status, conclusion, number: 1 }] : [];
  return { total_count: 1, jobs: [{ id: 1, name: 'deploy', status, conclusion, steps }] };
}

export function showDeployment({ id, environment, ref, sha, creator, at }: Deployment): object {
  return {
    id,
    environment,
    ref,
    sha,
    task: 'deploy',
    created_at: at,
    updated_at: at,
    creator: { login: creator },
  };
}

export function showStatus({ state, log_url, at }: Deployment['statuses'][number]): object {
  return { id: 1, state, log_url, target_url: log_url, created_at: at, updated_at: at };
}
