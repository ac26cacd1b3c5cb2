import type { HistoryProblem } from './audit-report.ts';
import { compareNumbers, type MigrationFile } from './file-layout.ts';

/** A migration file at a release, with the name of its content. */
export interface FileAtRelease extends MigrationFile {
  /** Equal contents have equal names. */
  id: string;
}

/** Files that only the newer release has, and those of both with another content. */
export interface Difference {
  added: FileAtRelease[];
  edited: { old: FileAtRelease; now: FileAtRelease }[];
  deleted: FileAtRelease[];
}

/** What runs on the way from the older to the newer release, and what should never have changed. */
export function compareFiles(
  old: readonly FileAtRelease[],
  now: readonly FileAtRelease[],
): Difference {
  const before = new Map(old.map((file) => [file.path, file]));
  const after = new Set(now.map(({ path }) => path));
  const added = now.filter((file) => {
    const earlier = before.get(file.path);
    // A repeatable one runs again when it has changed.
    return earlier === undefined || (file.role === 'repeatable' && earlier.id !== file.id);
  });
  const edited = now.flatMap((file) => {
    const earlier = before.get(file.path);
    const differs = earlier !== undefined && earlier.id !== file.id && file.role !== 'repeatable';
    return differs ? [{ old: earlier, now: file }] : [];
  });
  return { added, edited, deleted: old.filter(({ path }) => !after.has(path)) };
}

/** @param sameStatements whether an edited file has only other comments and spaces */
export function historyProblems(
  old: readonly FileAtRelease[],
  now: readonly FileAtRelease[],
  difference: Difference,
  sameStatements: (old: FileAtRelease, now: FileAtRelease) => boolean,
): HistoryProblem[] {
  return [
    ...difference.edited.flatMap((pair) => describeEdited(pair, sameStatements)),
    ...difference.deleted.flatMap((file) => describeDeleted(file, difference.added)),
    ...duplicates(now),
    ...outOfOrder(old, difference.added),
  ];
}

function describeEdited(
  { old, now }: Difference['edited'][number],
  sameStatements: (old: FileAtRelease, now: FileAtRelease) => boolean,
): HistoryProblem[] {
  if (old.role === 'down' && now.role === 'down') return [];
  return [
    sameStatements(old, now)
      ? {
          file: now.path,
          problem: 'layout-edited',
          kind: 'compatible',
          why: 'What runs forward is as before, but the file was changed after the older release; tools with checksums refuse that.',
        }
      : {
          file: now.path,
          problem: 'edited',
          kind: 'needs-a-human',
          why: 'It was changed after the older release: which of its versions the database has cannot be seen.',
        },
  ];
}

function describeDeleted(file: FileAtRelease, added: readonly FileAtRelease[]): HistoryProblem[] {
  if (file.role === 'down') return [];
  const moved = added.find(({ id }) => id === file.id);
  return [
    moved === undefined
      ? {
          file: file.path,
          problem: 'deleted',
          kind: 'needs-a-human',
          why: 'The newer release does not have it any more: whether the database has it cannot be seen.',
        }
      : {
          file: file.path,
          problem: 'moved',
          kind: 'needs-a-human',
          why: `It is now ${moved.path}: a tool that goes by names ran it twice, or takes it for missing.`,
        },
  ];
}

/** Two of one number: tools refuse, or leave one out. */
function duplicates(now: readonly FileAtRelease[]): HistoryProblem[] {
  const seen = new Map<string, FileAtRelease>();
  return forward(now).flatMap((file): HistoryProblem[] => {
    if (file.version === undefined || file.role === 'repeatable') return [];
    const key = JSON.stringify([file.folder, file.version.map(String)]);
    const other = seen.get(key);
    if (other === undefined) {
      seen.set(key, file);
      return [];
    }
    return [
      {
        file: file.path,
        problem: 'duplicate-version',
        kind: 'needs-a-human',
        why: `It has the number of ${other.name}: which of them ran, and in which order, depends on the tool.`,
      },
    ];
  });
}

/** Older numbers that came later. What they do is judged like everything else that was added. */
function outOfOrder(
  old: readonly FileAtRelease[],
  added: readonly FileAtRelease[],
): HistoryProblem[] {
  const newest = new Map<string, FileAtRelease>();
  for (const file of forward(old)) {
    const known = newest.get(file.folder);
    if (file.version === undefined) continue;
    if (known === undefined || compareNumbers(file.version, known.version) > 0) {
      newest.set(file.folder, file);
    }
  }
  return forward(added).flatMap((file): HistoryProblem[] => {
    const last = newest.get(file.folder);
    if (last === undefined || file.version === undefined || file.role === 'repeatable') return [];
    if (compareNumbers(file.version, last.version) >= 0) return [];
    return [
      {
        file: file.path,
        problem: 'out-of-order',
        kind: 'compatible',
        why: `Its number is lower than that of ${last.name}, which the older release has; some tools leave it out.`,
      },
    ];
  });
}

const forward = (files: readonly FileAtRelease[]): FileAtRelease[] =>
  files.filter(({ role }) => role !== 'down');
