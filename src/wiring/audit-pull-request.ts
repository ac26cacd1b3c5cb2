import { namedCommits } from '../adapters/git/named-commits.ts';
import { nearestTag } from '../adapters/git/nearest-tag.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { BackoutError } from '../model/error.ts';
import type { AuditReport } from '../model/migration/audit-report.ts';
import { audit } from './audit.ts';

export interface PullRequestAudit {
  directory: string;
  env: EnvironmentVariables;
  /** The release that would be gone back to. Left out: the newest tag that `base` comes from. */
  from: string | undefined;
  /** What would be released. Left out: what is checked out. */
  to: string | undefined;
  /** The commit that the pull request goes into; undefined outside of one. */
  base: string | undefined;
  patterns: readonly string[] | undefined;
  none: boolean;
}

/**
 * Audits what a pull request would release. What is checked out counts, and not its branch alone:
 * on `pull_request` that is the result of the merge, which has the migrations of both.
 * @throws BackoutError those of the audit; E_USAGE when there is nothing to compare with
 */
export async function auditPullRequest(request: PullRequestAudit): Promise<AuditReport> {
  const { directory, env, base, patterns, none } = request;
  const to = await namedCommits({ directory, env }).resolve(request.to ?? 'HEAD');
  const from = request.from ?? (await lastRelease(request));
  const report = await audit({
    directory,
    env,
    from,
    to: request.to ?? to,
    patterns,
    none,
    databaseUrlEnv: undefined,
  });
  const notes = from === base ? [NO_TAG, ...report.notes] : report.notes;
  return { ...report, from: shortened(report.from), to: shortened(report.to), notes };
}

/** A commit that has no other name is shown as people write it. */
function shortened({ tag, commit }: AuditReport['from']): AuditReport['from'] {
  return { tag: tag === commit ? commit.slice(0, 12) : tag, commit };
}

const NO_TAG = 'There is no tag to go back to: this is about the pull request alone.';

async function lastRelease({ directory, env, base }: PullRequestAudit): Promise<string> {
  if (base !== undefined) return (await nearestTag({ directory, env }, base)) ?? base;
  throw new BackoutError({
    code: 'E_USAGE',
    kind: 'usage',
    message: 'The input from is blank, and this is not a pull request.',
    remedy: 'Write from: in the step\'s "with": the release that would be gone back to.',
  });
}
