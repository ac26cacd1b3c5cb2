import { applyChange } from './apply-change.ts';
import type { Statement } from './change.ts';
import { type Finding, findingOf } from './finding.ts';
import { judgeChange } from './judge-change.ts';
import { emptyState, endFile } from './schema-state.ts';

/** The statements of one migration file, in their order. */
export interface MigrationStatements {
  /** From the root of the repository. */
  file: string;
  statements: readonly Statement[];
}

/**
 * Judges every statement that the new release's migrations have and the old one's have not.
 *
 * @param old migrations of the old release, in the order in which they ran: what old code knows
 * @param added migrations to judge, in the order in which they ran after those
 */
export function auditStatements(
  old: readonly MigrationStatements[],
  added: readonly MigrationStatements[],
): Finding[] {
  const state = emptyState();
  for (const { statements } of old) {
    const path = state.path;
    for (const { change } of statements) applyChange(state, change, false);
    endFile(state, path);
  }
  return added.flatMap(({ file, statements }) => {
    const path = state.path;
    const findings = statements.map((statement) => {
      const finding = findingOf(file, statement, judgeChange(state, statement.change));
      applyChange(state, statement.change, true);
      return finding;
    });
    endFile(state, path);
    return findings;
  });
}
