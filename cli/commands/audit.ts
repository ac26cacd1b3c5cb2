import { type Command, Option } from 'commander';
import { readEnvironment } from '../../src/config/environment.ts';
import { auditMarkdown } from '../../src/model/migration/audit-markdown.ts';
import { countKinds, firstReason } from '../../src/model/migration/audit-report.ts';
import { audit } from '../../src/wiring/audit.ts';
import type { GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { openOutput } from '../output.ts';
import type { Runner } from '../program.ts';
import { renderAudit } from '../render/audit.ts';

export function addAudit(program: Command, run: Runner): void {
  program
    .command('audit')
    .description('whether code of an older release works with the database of a newer one')
    .requiredOption('--from <tag>', 'the release that would be gone back to')
    .requiredOption('--to <tag>', 'the release that is live')
    .option('--repo <folder>', 'a clone of the service (default: the one around this folder)')
    .option('--migrations <globs...>', 'which files are migrations (default: what looks like it)')
    .option('--none', 'the service has no migrations: finding none is fine')
    .option(
      '--database-url-env <name>',
      'variable with the address of the database to compare with',
    )
    .addOption(
      new Option('--format <format>', 'markdown: a comment for a pull request')
        .choices(['text', 'markdown'])
        .default('text'),
    )
    .action(run(auditReleases));
}

interface AuditFlags extends GlobalOptions {
  from: string;
  to: string;
  repo?: string;
  migrations?: string[];
  none?: boolean;
  databaseUrlEnv?: string;
  format: string;
}

async function auditReleases(options: AuditFlags) {
  const out = openOutput(options.json === true, process);
  const { from, to, repo, migrations: patterns, none, databaseUrlEnv } = options;
  const report = await audit({
    directory: repo ?? process.cwd(),
    from,
    to,
    patterns,
    none: none === true,
    databaseUrlEnv,
    env: readEnvironment().variables,
  });
  const text = options.format === 'markdown' ? auditMarkdown(report) : renderAudit(report);
  const data = { ...report, first: firstReason(report), counts: countKinds(report.migrations) };
  if (options.format === 'markdown' && !out.json) process.stdout.write(text);
  else out.result(data, text);
  return report.verdict === 'safe' ? EXIT.done : EXIT.refused;
}
