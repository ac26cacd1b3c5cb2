import { error, notice, setOutput, setSecret, warning } from '@actions/core';
import { readEnvironment } from '../../src/config/environment.ts';
import { auditMarkdown } from '../../src/model/migration/audit-markdown.ts';
import {
  type AuditReport,
  countKinds,
  firstReason,
} from '../../src/model/migration/audit-report.ts';
import { isSafe } from '../../src/model/migration/finding.ts';
import { auditPullRequest } from '../../src/wiring/audit-pull-request.ts';
import { asBackoutError } from '../common/as-backout-error.ts';
import { inert } from '../common/log.ts';
import { escapeMarkdown } from '../common/markdown.ts';
import { whatHappened } from '../common/refusal.ts';
import { type PullRequestEvent, readEvent } from './event.ts';
import { findPatterns } from './find-patterns.ts';
import { type AuditInputs, isFailure, readInputs } from './inputs.ts';
import { showOnPage } from '../common/show-on-page.ts';

const { variables } = readEnvironment();
/** What one answer may take, and the repeats with it, in milliseconds. */
const COMMENT_MS = 120_000;
/** Statements in the output `json`: the rest is on the page. */
const MOST_STATEMENTS = 100;

try {
  const inputs = readInputs(variables);
  if (inputs.token !== undefined) setSecret(inputs.token);
  const event = await readEvent(variables);
  const report = await audit(inputs, event);
  setOutput('verdict', report.verdict);
  setOutput('json', JSON.stringify(shortened(report)));
  setOutput('code', '');
  await showOnPage(auditMarkdown(report, 'This release'));
  setOutput('comment', await comment(inputs, event, report));
  const isFailed = isFailure(report.verdict, inputs.failOn);
  say(report, isFailed);
  process.exitCode = isFailed ? 1 : 0;
} catch (cause) {
  const refusal = asBackoutError(cause);
  const { code, state, remedy } = refusal;
  const lines = [...whatHappened(refusal), `State: ${state}`, `Do: ${remedy}`];
  setOutput('code', code);
  error(inert(lines.join('\n')), { title: code });
  await showOnPage([code, ...lines].map(escapeMarkdown).join('\n\n'));
  process.exitCode = 1;
}

async function audit(
  inputs: AuditInputs,
  event: PullRequestEvent | undefined,
): Promise<AuditReport> {
  const { from, to, none, config } = inputs;
  const directory = variables['GITHUB_WORKSPACE'] ?? process.cwd();
  const patterns = inputs.patterns ?? (await findPatterns(config, directory, variables));
  const base = event?.base;
  return await auditPullRequest({ directory, env: variables, from, to, base, patterns, none });
}

/** Never throws: a comment that cannot be written changes nothing about the audit. */
async function comment(
  { comment: isWanted, token, name }: AuditInputs,
  event: PullRequestEvent | undefined,
  report: AuditReport,
): Promise<string> {
  const repository = variables['GITHUB_REPOSITORY'];
  if (!isWanted || token === undefined || event === undefined || repository === undefined) {
    return 'none';
  }
  try {
    const { commentOnPullRequest } = await import('../../src/wiring/comment-audit.ts');
    return await commentOnPullRequest({
      variables: { ...variables, GITHUB_TOKEN: token },
      repository,
      number: event.number,
      report,
      name,
      signal: AbortSignal.timeout(COMMENT_MS),
    });
  } catch (cause) {
    const { code, message, remedy } = asBackoutError(cause);
    warning(inert(`${message}\n${remedy}`), { title: code });
    return 'failed';
  }
}

/** A break is often meant, so it is shown, and fails nothing that nobody asked to fail. */
function say(report: AuditReport, isFailed: boolean): void {
  const first = firstReason(report);
  if (first === undefined) {
    notice(`This release can be rolled back to ${report.from.tag} by application alone.`, {
      title: 'Backout',
    });
    return;
  }
  const what =
    report.verdict === 'breaking'
      ? 'This release cannot be rolled back by application alone, because of'
      : 'Whether this release can be rolled back by application alone needs a human, because of';
  (isFailed ? error : warning)(inert(`${what} ${first}`), { title: 'Backout' });
}

/** What a later step may want to know; small enough for an output. */
function shortened(report: AuditReport) {
  const { verdict, from, to, notes, migrations, history } = report;
  return {
    verdict,
    from,
    to,
    notes,
    first: firstReason(report),
    counts: countKinds(migrations),
    migrations: migrations.filter(({ kind }) => !isSafe(kind)).slice(0, MOST_STATEMENTS),
    history: history.slice(0, MOST_STATEMENTS),
  };
}
