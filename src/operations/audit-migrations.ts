import { BackoutError } from '../model/error.ts';
import { auditStatements } from '../model/migration/audit-statements.ts';
import {
  type AuditedFolder,
  type AuditReport,
  verdictOf,
} from '../model/migration/audit-report.ts';
import { inOrder, looksLikeMigration } from '../model/migration/file-layout.ts';
import type { Finding } from '../model/migration/finding.ts';
import { compareFiles, historyProblems } from '../model/migration/history.ts';
import type { CommittedFiles, MigrationReader, TreeFile } from '../ports/migrations.ts';
import type { Repository } from '../ports/releases.ts';
import { planReading, type ReadFile, readMigrations } from './read-migrations.ts';

export interface AuditPorts {
  /** `resolve` throws for a name that stands for nothing. */
  repository: { resolve(name: string): Promise<string> } & Pick<Repository, 'isAncestor'>;
  files: CommittedFiles;
  /** Loaded when everything else is there: it is large. */
  reader(): Promise<MigrationReader>;
}

export interface AuditRequest {
  /** The release that would be gone back to, and the one that is live; in this order or the other. */
  from: string;
  to: string;
  /** Which files are migrations; left out: those that look like it. */
  select?: (path: string) => boolean;
  /** The service says that it has no migrations: finding none is then no reason to refuse. */
  none: boolean;
}

export interface Audited {
  report: AuditReport;
  /** Migrations of the live release, for comparing them with a database. */
  live: ReadFile[];
}

/**
 * What the newer of two releases did to the database, and whether code of the older one works with
 * it. Reads git only; no migration is run.
 *
 * @throws BackoutError E_MIGRATIONS_NOT_FOUND, and those of the ports
 */
export async function auditMigrations(ports: AuditPorts, request: AuditRequest): Promise<Audited> {
  const { from, to, notes } = await inOrderOfAge(ports, request);
  const [oldTree, newTree] = await Promise.all([
    ports.files.list(from.commit),
    ports.files.list(to.commit),
  ]);
  const named = request.select !== undefined;
  const oldPlan = planReading(select(oldTree, request), named, oldTree);
  const newPlan = planReading(select(newTree, request), named, newTree);
  const contents = await ports.files.read([...oldPlan.ids, ...newPlan.ids]);
  const reader = await ports.reader();
  const old = readMigrations(oldPlan, contents, reader);
  const live = readMigrations(newPlan, contents, reader, old);
  if (old.length === 0 && live.length === 0) {
    if (!request.none) throw notFound(request, oldTree.length + newTree.length);
    notes.push('No migrations were found, as you said.');
  } else if (request.none) {
    notes.push('You said that there are no migrations, but there are some: they count.');
  }
  const difference = compareFiles(old, live);
  const essenceOf = new Map([...old, ...live].map((file) => [file.id + file.path, file.essence]));
  const history = historyProblems(old, live, difference, (before, now) => {
    const one = essenceOf.get(before.id + before.path)?.();
    return one !== undefined && one === essenceOf.get(now.id + now.path)?.();
  });
  const added = new Set(difference.added.map(({ path }) => path));
  const folders = groupByFolder(old, live, added);
  const migrations = folders.flatMap(({ old: before, added: after }) => judge(before, after));
  const facts = { migrations, history, databases: [] };
  const report: AuditReport = {
    verdict: verdictOf(facts),
    from,
    to,
    notes,
    folders: folders.map(({ folder, tool, old: before, added: after }) => ({
      folder,
      tool,
      old: before.length,
      added: after.length,
    })),
    ...facts,
  };
  return { report, live };
}

/** Which one is older says the history; where it cannot say so, the caller. */
async function inOrderOfAge({ repository }: AuditPorts, request: AuditRequest) {
  const first = { tag: request.from, commit: await repository.resolve(request.from) };
  const second = { tag: request.to, commit: await repository.resolve(request.to) };
  const notes: string[] = [];
  if (first.commit === second.commit) {
    notes.push(`${first.tag} and ${second.tag} are the same commit.`);
    return { from: first, to: second, notes };
  }
  const isAncestor = async (one: string, other: string): Promise<boolean | undefined> =>
    repository.isAncestor(one, other).catch((error: unknown) => {
      if (error instanceof BackoutError && error.code === 'E_SHALLOW') return undefined;
      throw error;
    });
  if ((await isAncestor(first.commit, second.commit)) === true)
    return { from: first, to: second, notes };
  const reversed = await isAncestor(second.commit, first.commit);
  if (reversed === true) {
    notes.push(
      `${first.tag} is the newer one: this is about going back from ${first.tag} to ${second.tag}.`,
    );
    return { from: second, to: first, notes };
  }
  notes.push(
    reversed === undefined
      ? `The clone is cut off: whether ${first.tag} is older than ${second.tag} cannot be checked.`
      : `Neither release came out of the other: ${second.tag} is taken to be live, as you said.`,
  );
  return { from: first, to: second, notes };
}

function select(tree: readonly TreeFile[], { select: isMigration }: AuditRequest): TreeFile[] {
  if (isMigration !== undefined) return tree.filter(({ path }) => isMigration(path));
  // A link or another repository in the place of the folder hides all that is in it.
  return tree.filter(({ path, kind }) => looksLikeMigration(kind === 'file' ? path : `${path}/x`));
}

/** Nothing found is not the same as nothing there. */
function notFound({ select: isMigration, from, to }: AuditRequest, files: number): BackoutError {
  const named = isMigration !== undefined;
  return new BackoutError({
    code: 'E_MIGRATIONS_NOT_FOUND',
    kind: named ? 'usage' : 'refused',
    message: named
      ? `No file at ${from} or ${to} matches what --migrations names.`
      : `No migrations were found in the ${files} files of ${from} and ${to}; there may be some elsewhere.`,
    remedy: named
      ? 'Write patterns from the root of the repository: --migrations "db/migrations/**".'
      : 'Say where they are: --migrations "db/migrations/**". If there are none, say so: --none.',
  });
}

interface Group extends Omit<AuditedFolder, 'old' | 'added'> {
  old: ReadFile[];
  added: ReadFile[];
}

const isForward = ({ role }: ReadFile): boolean => role !== 'down';
const statementsOf = ({ path, statements }: ReadFile) => ({ file: path, statements });

/** What one folder makes, another one's database does not have: each is judged on its own. */
function groupByFolder(
  old: readonly ReadFile[],
  live: readonly ReadFile[],
  added: ReadonlySet<string>,
): Group[] {
  const all = [...old, ...live].filter(isForward);
  const folders = [...new Set(all.map(({ folder }) => folder))].toSorted();
  return folders.map((folder) => {
    const within = (files: readonly ReadFile[]): ReadFile[] =>
      files.filter((file) => file.folder === folder && isForward(file)).toSorted(inOrder);
    const tools = new Set(within(all).map(({ tool }) => tool));
    return {
      folder: folder === '' ? '.' : folder,
      tool: [...tools].filter((tool) => tool !== 'unknown').join(', ') || 'unknown',
      old: within(old),
      added: within(live.filter(({ path }) => added.has(path))),
    };
  });
}

function judge(old: readonly ReadFile[], added: readonly ReadFile[]): Finding[] {
  return auditStatements(old.map(statementsOf), added.map(statementsOf));
}
