import type { Statement } from '../model/migration/change.ts';
import { layOut, type MigrationFile } from '../model/migration/file-layout.ts';
import type { FileAtRelease } from '../model/migration/history.ts';
import { upPart } from '../model/migration/up-part.ts';
import type { MigrationReader, TreeFile } from '../ports/migrations.ts';

export interface ReadFile extends FileAtRelease {
  /** What runs forward; empty for files that run backwards. */
  statements: Statement[];
  /** Equal for texts that differ in comments and spaces only; undefined where that is not known. */
  essence: () => string | undefined;
  tool: string;
  content: Uint8Array | undefined;
  /** Name of the content of the tool's settings that it was read with. */
  settings: string | undefined;
}

/** Which files of a release are read, and what they are. */
export interface ReadingPlan {
  files: { file: MigrationFile; id: string; settings: Settings | undefined }[];
  /** Links and other repositories in their place. */
  odd: TreeFile[];
  /** Names of all contents that are needed. */
  ids: string[];
}

/**
 * @param selected the migrations among the files of a release
 * @param named whether a person said that these are migrations
 * @param tree all files of the release: what lies beside the migrations says which tool it is
 */
export function planReading(
  selected: readonly TreeFile[],
  named: boolean,
  tree: readonly TreeFile[],
): ReadingPlan {
  const ids = new Map(selected.map(({ path, id }) => [path, id]));
  const odd = selected.filter(({ kind }) => kind !== 'file');
  const paths = selected.filter(({ kind }) => kind === 'file').map(({ path }) => path);
  const laidOut = layOut(paths, named);
  const settings = settingsBeside(laidOut, tree);
  const settingsOf = new Map(settings.map((one) => [one.folder, one]));
  const files = laidOut.map((file) => ({
    file,
    id: ids.get(file.path) ?? '',
    settings: settingsOf.get(file.folder),
  }));
  return { files, odd, ids: [...files, ...settings].map(({ id }) => id) };
}

/**
 * Reads the migrations of a release. Those that cannot be read have one statement that says why.
 * @param contents by the names that the plan asks for
 * @param known read before, of another release: what is the same is not read again
 */
export function readMigrations(
  { files, odd }: ReadingPlan,
  contents: ReadonlyMap<string, Uint8Array | string>,
  reader: MigrationReader,
  known: readonly ReadFile[] = [],
): ReadFile[] {
  const before = new Map(known.map((file) => [keyOf(file, file.id, file.settings), file]));
  const read = files.flatMap(({ file, id, settings }) => {
    const same = before.get(keyOf(file, id, settings?.id));
    if (same !== undefined) return [same];
    const dialect = settings === undefined ? undefined : dialectIn(contents.get(settings.id));
    const facts = settings === undefined ? undefined : { ...settings, dialect };
    return readOne(file, id, contents.get(id), facts, reader) ?? [];
  });
  return [...read, ...odd.map(readOdd)];
}

/** The same file, in the same place and role, beside the same settings. */
function keyOf({ path, role }: MigrationFile, id: string, settings: string | undefined): string {
  return JSON.stringify([path, role, id, settings]);
}

/** Links and other repositories: what is behind them is not in this commit. */
function readOdd({ path, id, kind }: TreeFile): ReadFile {
  const what = kind === 'link' ? 'a symbolic link' : 'another repository';
  return {
    path,
    id,
    folder: path.split('/').slice(0, -1).join('/'),
    name: path.slice(path.lastIndexOf('/') + 1),
    role: 'unreadable',
    version: undefined,
    layout: 'files',
    statements: unreadable(`It is ${what}, which is not followed.`),
    essence: () => undefined,
    tool: 'unknown',
    settings: undefined,
    content: undefined,
  };
}

interface Settings {
  folder: string;
  id: string;
  tool: string;
}

const TOOL_SETTINGS = /^(?:(.*)\/)?(migration_lock\.toml|meta\/_journal\.json)$/;

/** Whether a file may say how migrations beside it are read. */
export function isToolSettings(path: string): boolean {
  return TOOL_SETTINGS.test(path);
}

/** Files of Prisma and Drizzle that name the database. */
function settingsBeside(laidOut: readonly MigrationFile[], tree: readonly TreeFile[]): Settings[] {
  const folders = new Set(laidOut.map(({ folder }) => folder));
  return tree.flatMap(({ path, id, kind }): Settings[] => {
    if (kind !== 'file') return [];
    const [, folder = '', name] = TOOL_SETTINGS.exec(path) ?? [];
    if (name === undefined || !folders.has(folder)) return [];
    return [{ folder, id, tool: name === 'migration_lock.toml' ? 'prisma' : 'drizzle' }];
  });
}

/** The database they are for; undefined when the file does not say it. */
function dialectIn(content: Uint8Array | string | undefined): string | undefined {
  const text = content instanceof Uint8Array ? (decode(content) ?? '') : '';
  return /"?\b(?:provider|dialect)"?\s*[=:]\s*"([a-z0-9-]+)"/.exec(text)?.[1];
}

const POSTGRES = /^(postgres(ql)?|pg|cockroachdb|pglite|neon(-http)?)$/;

function readOne(
  file: MigrationFile,
  id: string,
  content: Uint8Array | string | undefined,
  settings: (Settings & { dialect: string | undefined }) | undefined,
  reader: MigrationReader,
): ReadFile | undefined {
  const bytes = content instanceof Uint8Array ? content : undefined;
  const result = (more: Pick<ReadFile, 'statements'> & Partial<ReadFile>): ReadFile => ({
    ...file,
    id,
    essence: () => undefined,
    settings: settings?.id,
    tool: settings?.tool ?? toolOf(file),
    content: bytes,
    ...more,
  });
  if (file.role === 'down') return result({ statements: [] });
  if (file.role === 'unreadable') {
    return result({ statements: unreadable('It is written in a language that is not read here.') });
  }
  if (settings?.dialect !== undefined && !POSTGRES.test(settings.dialect)) {
    return result({ statements: unreadable(`It is for ${settings.dialect}, not for PostgreSQL.`) });
  }
  if (bytes === undefined) {
    const why = typeof content === 'string' ? content : 'Its content is not there.';
    return result({ statements: unreadable(why) });
  }
  const text = decode(bytes);
  if (text === undefined) return result({ statements: unreadable('It is not text in UTF-8.') });
  if (file.role === 'script') {
    const reading = reader.script(file.path, text);
    if (reading.kind === 'helper') return undefined;
    return result({ statements: reading.statements, tool: reading.tool });
  }
  const whole = { format: 'plain', text };
  const up = file.role === 'sql' && settings === undefined ? upPart(text) : whole;
  return result({
    statements: reader.sql(up.text),
    essence: () => reader.essence(up.text),
    ...(up.format === 'plain' ? {} : { tool: up.format }),
  });
}

function toolOf({ layout }: MigrationFile): string {
  switch (layout) {
    case 'flyway':
      return 'flyway';
    case 'pairs':
      return 'golang-migrate';
    case 'folders':
    case 'files':
      return 'unknown';
    default:
      return layout satisfies never;
  }
}

function unreadable(why: string): Statement[] {
  return [{ line: 1, text: '', change: { type: 'unknown', why } }];
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Undefined for what is not UTF-8. A mark for the order of bytes at the beginning is left out. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
