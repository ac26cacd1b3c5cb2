import { auditMarkdown } from '../model/migration/audit-markdown.ts';
import type { AuditReport } from '../model/migration/audit-report.ts';
import type { PullRequestComments } from '../ports/pull-request.ts';

/** `none`: nothing to say, and nothing was said before. */
export type CommentOutcome = 'created' | 'updated' | 'unchanged' | 'none';

/** GitHub takes 65,536 characters. */
const MOST_CHARACTERS = 60_000;

/** Keeps one comment on a pull request right, however often it is called. */
export async function commentAudit(
  comments: PullRequestComments,
  report: AuditReport,
  name: string | undefined,
): Promise<CommentOutcome> {
  const mark = `<!-- backout-audit${name === undefined ? '' : `: ${name}`} -->`;
  const body = fit(`${mark}\n${auditMarkdown(report, 'This release')}`);
  const known = await comments.find(mark);
  if (known === undefined) {
    // Silence is the answer to nearly all pull requests; what was said once is taken back aloud.
    if (report.verdict === 'safe') return 'none';
    await comments.create(body);
    return 'created';
  }
  if (known.body.replaceAll('\r\n', '\n').trim() === body.trim()) return 'unchanged';
  await comments.update(known.id, body);
  return 'updated';
}

/** Whole lines only: half a row of a table, or half a number of a sign, would show as rubbish. */
function fit(body: string): string {
  if (body.length <= MOST_CHARACTERS) return body;
  const end = body.lastIndexOf('\n', MOST_CHARACTERS);
  return `${body.slice(0, end)}\n\n… The rest is on the page of the run.\n`;
}
