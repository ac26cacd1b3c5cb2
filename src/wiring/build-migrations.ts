import { resolve } from 'node:path';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { SelectedConfig } from '../config/select.ts';
import { type AuditReport, firstReason } from '../model/migration/audit-report.ts';
import type { MigrationAudit } from '../ports/migrations.ts';
import type { Repository } from '../ports/releases.ts';
import type { auditCandidates } from './audit-candidates.ts';

export interface MigrationOptions {
  /** Asked about ancestry: it remembers what the assessment asks too. */
  repository: Pick<Repository, 'isAncestor'>;
  variables: EnvironmentVariables;
  baseDirectory: string;
}

/** @returns undefined where `releases.migrations` names none: then nobody audits any */
export function buildMigrations(
  config: Pick<SelectedConfig, 'releases' | 'repository'>,
  { variables, baseDirectory, repository }: MigrationOptions,
): MigrationAudit | undefined {
  const { migrations: patterns } = config.releases;
  if (patterns.length === 0) return undefined;
  const directory = resolve(baseDirectory, config.repository.path);
  const options = { directory, env: variables, patterns, repository };
  let loading: Promise<ReturnType<typeof auditCandidates>> | undefined;
  return {
    async between(older, live) {
      // Only now: PostgreSQL's own parser is large, and an emergency needs none.
      loading ??= import('./audit-candidates.ts').then((loaded) => loaded.auditCandidates(options));
      const audit = await loading;
      const report = await audit(older, live);
      return report === undefined
        ? { verdict: 'safe', why: 'no migration changed since then' }
        : summarize(report);
    },
  };
}

function summarize(report: AuditReport): Awaited<ReturnType<MigrationAudit['between']>> {
  const { verdict, migrations } = report;
  switch (verdict) {
    case 'safe':
      return {
        verdict: 'safe',
        why: `${migrations.length} statements since then leave it working`,
      };
    case 'breaking':
      return { verdict, why: `migrations since then break its code: ${first(report)}` };
    case 'needs-a-human':
      return {
        verdict: 'unclear',
        why: `migrations since then have to be read by a person: ${first(report)}`,
      };
    default:
      return verdict satisfies never;
  }
}

/** As the end of a sentence. */
function first(report: AuditReport): string {
  return (firstReason(report) ?? '').replace(/\.$/, '');
}
