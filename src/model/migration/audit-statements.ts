import { applyChange } from './apply-change.ts';
import type { Statement } from './change.ts';
import { type Finding, findingOf } from './finding.ts';
import { judgeChange } from './judge-change.ts';
import { emptyState, endFile, type SchemaState } from './schema-state.ts';
import { rememberUniqueKeys } from './unique-keys.ts';

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
  const state = after(old, emptyState(), false);
  rememberUniqueKeys(state);
  // What a statement takes away may be given back by a later one.
  state.end = after(added, after(old, emptyState(), false), true);
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

/** The state when all statements of the files have run. */
function after(
  files: readonly MigrationStatements[],
  state: SchemaState,
  isNew: boolean,
): SchemaState {
  for (const { statements } of files) {
    const path = state.path;
    for (const { change } of statements) applyChange(state, change, isNew);
    endFile(state, path);
  }
  return state;
}
