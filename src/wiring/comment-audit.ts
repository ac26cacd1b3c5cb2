import { connectGitHub } from '../adapters/github/client.ts';
import { gitHubComments } from '../adapters/github/pull-request-comments.ts';
import { randomIds } from '../adapters/random-ids.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { AuditReport } from '../model/migration/audit-report.ts';
import { commentAudit, type CommentOutcome } from '../operations/comment-audit.ts';
import { gitHubAccess } from './github-access.ts';

export interface CommentRequest {
  /** `GITHUB_API_URL` and `GITHUB_TOKEN`. */
  variables: EnvironmentVariables;
  repository: string;
  number: number;
  report: AuditReport;
  name: string | undefined;
  signal: AbortSignal;
}

/** @throws BackoutError E_COMMENT, E_GITHUB_URL (usage), E_SECRET_MISSING (usage) */
export async function commentOnPullRequest(request: CommentRequest): Promise<CommentOutcome> {
  const { variables, repository, number, report, name, signal } = request;
  const access = gitHubAccess(undefined, variables);
  const github = connectGitHub({ ...access, clock: systemClock, ids: randomIds });
  const comments = gitHubComments({ github, repository, number, signal });
  return await commentAudit(comments, report, name);
}
