import { changedFiles, committedFiles } from '../adapters/git/read-tree.ts';
import { migrationReader } from '../adapters/scripts/migration-reader.ts';
import type { AuditReport } from '../model/migration/audit-report.ts';
import { auditMigrations } from '../operations/audit-migrations.ts';
import { isToolSettings } from '../operations/read-migrations.ts';
import type { CommittedFiles, MigrationReader, TreeFile } from '../ports/migrations.ts';
import type { Repository } from '../ports/releases.ts';
import { matcherOf, type RepositoryOptions } from './audit.ts';

export interface CandidateAuditOptions extends RepositoryOptions {
  repository: Pick<Repository, 'isAncestor'>;
  patterns: readonly string[];
}

/**
 * Audits several older releases against what is live, all given as whole names of commits. What they
 * have in common, nearly all of it, is listed, read and parsed once; and where no migration changed
 * since, nothing is read.
 * @returns undefined: none changed
 */
export function auditCandidates(
  options: CandidateAuditOptions,
): (older: string, live: string) => Promise<AuditReport | undefined> {
  const select = matcherOf(options.patterns);
  const files = committedFiles(options);
  const list = remember((commit) => files.list(commit));
  const read = readOnce(files);
  const reader = remember(async () => parsedOnce(await migrationReader()));
  return async (older, live) => {
    const [changed, tree] = await Promise.all([changedFiles(options, older, live), list(live)]);
    const matters = changed.some(({ path }) => select(path) || isToolSettings(path));
    // Patterns that name no file at all are a mistake, which the audit tells about.
    if (!matters && tree.some(({ path }) => select(path))) return undefined;
    const before = undo(tree, changed);
    const ports = {
      repository: {
        // They are whole names already, of commits that were just compared.
        resolve: (name: string) => Promise.resolve(name),
        isAncestor: (one: string, other: string) => options.repository.isAncestor(one, other),
      },
      files: { list: (commit: string) => Promise.resolve(commit === live ? tree : before), read },
      reader: () => reader('the one'),
    };
    const request = { from: older, to: live, select, none: false };
    return (await auditMigrations(ports, request)).report;
  };
}

/** The files of the older release: those of the newer one without what changed. */
function undo(
  tree: readonly TreeFile[],
  changed: Awaited<ReturnType<typeof changedFiles>>,
): TreeFile[] {
  const differs = new Set(changed.map(({ path }) => path));
  const same = tree.filter(({ path }) => !differs.has(path));
  return [...same, ...changed.flatMap(({ before }) => before ?? [])];
}

function readOnce(files: CommittedFiles): CommittedFiles['read'] {
  const known = new Map<string, ReturnType<CommittedFiles['read']>>();
  return async (ids) => {
    const missing = ids.filter((id) => !known.has(id));
    if (missing.length > 0) {
      const answer = files.read(missing);
      for (const id of missing) known.set(id, answer);
      answer.catch(() => missing.forEach((id) => known.delete(id)));
    }
    const answers = await Promise.all(new Set(ids.flatMap((id) => known.get(id) ?? [])));
    return new Map(answers.flatMap((contents) => [...contents]));
  };
}

function parsedOnce(reader: MigrationReader): MigrationReader {
  const known = new Map<string, ReturnType<MigrationReader['sql']>>();
  return {
    ...reader,
    sql(text) {
      const statements = known.get(text) ?? reader.sql(text);
      known.set(text, statements);
      return statements;
    },
  };
}

/** Asks once for each name. What failed is asked again. */
function remember<T>(ask: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (name) => {
    const answer = answers.get(name) ?? ask(name);
    answers.set(name, answer);
    answer.catch(() => answers.delete(name));
    return answer;
  };
}
