import { type Finding, isSafe, type Kind, KINDS, worstOf } from './finding.ts';

export type AuditVerdict = 'safe' | 'breaking' | 'needs-a-human';

/** What is odd about the files themselves. */
export interface HistoryProblem {
  file: string;
  problem: 'edited' | 'layout-edited' | 'deleted' | 'moved' | 'duplicate-version' | 'out-of-order';
  kind: Kind;
  /** A sentence for the person who decides. */
  why: string;
}

/** What the database says about its migrations, beside the files of the live release. */
export interface DatabaseProblem {
  /** The migration, as the tool names it. */
  migration: string;
  problem: 'pending' | 'unknown' | 'changed' | 'out-of-order' | 'failed';
  kind: Kind;
  why: string;
}

export interface DatabaseReport {
  tool: string;
  /** `public.flyway_schema_history`. */
  table: string;
  applied: number;
  problems: DatabaseProblem[];
}

export interface AuditedFolder {
  folder: string;
  /** The tool that it seems to be of. */
  tool: string;
  /** Migrations of the older release, and those that only the newer one has. */
  old: number;
  added: number;
}

export interface AuditReport {
  verdict: AuditVerdict;
  /** The older release: what would be gone back to. */
  from: { tag: string; commit: string };
  /** The newer release: what is live. */
  to: { tag: string; commit: string };
  /** What was decided about the question itself. */
  notes: string[];
  folders: AuditedFolder[];
  /** Each statement that only the newer release has. */
  migrations: Finding[];
  history: HistoryProblem[];
  /** What databases say; empty when none was asked. */
  databases: DatabaseReport[];
}

type Weighed = { kind: Kind; file?: string; line?: number; why: string };

/** Everything that counts for the verdict, in the order of the report. */
function weighed(report: Pick<AuditReport, 'migrations' | 'history' | 'databases'>): Weighed[] {
  return [
    ...report.migrations,
    ...report.history,
    ...report.databases.flatMap(({ problems }) => problems),
  ];
}

/** The worst counts. */
export function verdictOf(
  report: Pick<AuditReport, 'migrations' | 'history' | 'databases'>,
): AuditVerdict {
  const worst = worstOf(weighed(report).map(({ kind }) => kind));
  return isSafe(worst) ? 'safe' : worst === 'breaking' ? 'breaking' : 'needs-a-human';
}

/** The first of what makes the verdict, as a sentence; undefined when it is safe. */
export function firstReason(report: AuditReport): string | undefined {
  if (report.verdict === 'safe') return undefined;
  const worst = worstOf(weighed(report).map(({ kind }) => kind));
  const statement = report.migrations.find(({ kind }) => kind === worst);
  if (statement !== undefined) {
    const text = statement.statement === '' ? '' : `: ${statement.statement}`;
    return `${statement.file}:${statement.line}${text}. ${statement.why}`;
  }
  const file = report.history.find(({ kind }) => kind === worst);
  if (file !== undefined) return `${file.file}: ${file.why}`;
  const applied = report.databases
    .flatMap(({ problems }) => problems)
    .find(({ kind }) => kind === worst);
  return applied === undefined ? undefined : `${applied.migration}: ${applied.why}`;
}

/** How many statements there are of each kind. */
export function countKinds(findings: readonly Finding[]): Record<Kind, number> {
  const counts = { additive: 0, compatible: 0, 'needs-a-human': 0, breaking: 0 };
  for (const { kind } of findings) counts[kind] += 1;
  return counts;
}

/** From harmful to harmless. */
export const WORST_FIRST: readonly Kind[] = KINDS.toReversed();
