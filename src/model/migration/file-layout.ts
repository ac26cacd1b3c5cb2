/**
 * Which files of a repository are migrations, by where they lie and what they are called, in the
 * layouts of the tools that docs/audit.md lists.
 */

export type FileRole =
  /** An SQL file; what of it runs forward, its text says (up-part.ts). */
  | 'sql'
  /** An SQL file that runs forward as a whole. */
  | 'whole sql'
  /** SQL that runs again whenever it changes (Flyway's R__). */
  | 'repeatable'
  /** JavaScript or TypeScript; whether it is a migration, its text says. */
  | 'script'
  /** Runs backwards only. */
  | 'down'
  /** A migration in a language that cannot be read here. */
  | 'unreadable';

export interface MigrationFile {
  /** From the root of the repository. */
  path: string;
  /** Migrations of one folder belong together: they run on one database, one after the other. */
  folder: string;
  /** What it is called without its folder: `0001_users.sql`, `20250101_users/migration.sql`. */
  name: string;
  role: FileRole;
  /** `[2, 1]` of `V2.1__x.sql`; undefined for a name without a version. */
  version: readonly bigint[] | undefined;
  layout: 'flyway' | 'folders' | 'pairs' | 'files';
}

/** Folders that hold migrations by convention. */
const FOLDERS = /^(migrations?|migrate|drizzle|alembic|changelogs?)$/i;
/** What is tried out, written about or taken from others is not what runs in production. */
const LEFT_OUT =
  /^(node_modules|vendor|tests?|__tests__|specs?|fixtures?|testdata|examples?|docs?|dist|\.git)$/i;

const FLYWAY = /^(?:([VUB])(\d+(?:[._]\d+)*)|R)__.*\.([a-z]+)$/i;
const FLYWAY_CALLBACK = /^(before|after)[A-Z]\w*?(__.*)?\.sql$/;
const PAIR = /^(.*)\.(up|down)\.sql$/i;
/** With any other sign between, only together with its other half: `0003_tear_down.sql` goes up. */
const LOOSE_PAIR = /^(.*)([_-])(up|down)\.sql$/i;
const SCRIPT = /\.[cm]?[jt]s$/i;
/** Files beside migrations that describe them, or nothing. */
const BESIDE =
  /^(readme.*|license.*|\..*|.*\.(md|txt|json|lock|toml|sum|snap|map|conf|cfg|ini|mako|prisma|d\.[cm]?ts)|__init__\.py|env\.py)$/i;

const directoriesOf = (path: string): string[] => path.split('/').slice(0, -1);
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Whether a path looks like that of a migration, for a repository that says nothing about it. */
export function looksLikeMigration(path: string): boolean {
  const directories = directoriesOf(path);
  if (directories.some((one) => LEFT_OUT.test(one))) return false;
  const base = baseOf(path);
  return directories.some((one) => FOLDERS.test(one)) || FLYWAY.test(base) || PAIR.test(base);
}

/**
 * @param paths of all files that count
 * @param named true when a person named them: then a file in an unknown language is a migration too
 */
export function layOut(paths: readonly string[], named: boolean): MigrationFile[] {
  const all = new Set(paths);
  return paths.flatMap((path) => layOutOne(path, all, named) ?? []);
}

function layOutOne(
  path: string,
  all: ReadonlySet<string>,
  named: boolean,
): MigrationFile | undefined {
  const directories = directoriesOf(path);
  const folder = directories.join('/');
  const base = baseOf(path);
  const file = (role: FileRole, more: Partial<MigrationFile> = {}): MigrationFile => ({
    path,
    folder,
    name: base,
    role,
    version: versionIn(base),
    layout: 'files',
    ...more,
  });
  const has = (other: string): boolean => all.has(folder === '' ? other : `${folder}/${other}`);

  const flyway = FLYWAY.exec(base);
  if (flyway !== null) {
    const [, prefix, version = '', extension = ''] = flyway;
    const numbers = version === '' ? undefined : version.split(/[._]/).map(BigInt);
    const more = { layout: 'flyway' as const, version: numbers };
    if (extension.toLowerCase() !== 'sql') return file('unreadable', more);
    if (prefix === undefined) return file('repeatable', more);
    if (prefix.toUpperCase() === 'U') return file('down', more);
    return file('whole sql', more);
  }
  if (FLYWAY_CALLBACK.test(base)) return file('repeatable', { layout: 'flyway' });

  // One folder for each migration: Prisma, newer Drizzle, Diesel.
  const isOnly = base === 'migration.sql' || base === 'up.sql' || base === 'down.sql';
  if (isOnly && directories.length > 0) {
    const own = directories.at(-1) ?? '';
    return file(base === 'down.sql' && has('up.sql') ? 'down' : 'whole sql', {
      folder: directories.slice(0, -1).join('/'),
      name: `${own}/${base}`,
      version: versionIn(own),
      layout: 'folders',
    });
  }
  const pair = PAIR.exec(base);
  if (pair !== null) {
    const isDown = pair[2]?.toLowerCase() === 'down' && has(base.replace(/\.down\./i, '.up.'));
    return file(isDown ? 'down' : 'whole sql', { layout: 'pairs' });
  }
  const loose = LOOSE_PAIR.exec(base);
  if (loose?.[3] !== undefined) {
    const [, name = '', between = '', direction] = loose;
    const other = direction.toLowerCase() === 'up' ? 'down' : 'up';
    if (has(`${name}${between}${other}.sql`)) {
      return file(other === 'up' ? 'down' : 'whole sql', { layout: 'pairs' });
    }
  }
  if (/\.sql$/i.test(base)) return file('sql');
  if (BESIDE.test(base)) return undefined;
  if (SCRIPT.test(base)) return file('script');
  return named || isNumbered(base) || directories.includes('versions')
    ? file('unreadable')
    : undefined;
}

/** How tools in other languages name theirs: `0001_initial.py`, `Version20250101120000.php`. */
const isNumbered = (base: string): boolean => /^\d|\d{6,}/.test(base);

/**
 * The number that a name begins with, or the long one in it: `20250101_users`, `2025-01-31-120000_x`,
 * `Migration20250101`.
 */
function versionIn(name: string): readonly bigint[] | undefined {
  const date = /^(\d{4})[-_](\d{2})[-_](\d{2})(?:[-_](\d+))?(?![a-z\d])/i.exec(name);
  if (date !== null)
    return date
      .slice(1)
      .flatMap((part) => part ?? [])
      .map(BigInt);
  const number = /^\d+/.exec(name)?.[0] ?? /\d{6,}/.exec(name)?.[0];
  return number === undefined ? undefined : [BigInt(number)];
}

/** In the order in which they run: by version, repeatable ones last, then by name. */
export function inOrder(a: MigrationFile, b: MigrationFile): number {
  if ((a.role === 'repeatable') !== (b.role === 'repeatable'))
    return a.role === 'repeatable' ? 1 : -1;
  const byVersion = compareNumbers(a.version, b.version);
  if (byVersion !== 0) return byVersion;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** Names without a version come last. */
export function compareNumbers(
  a: readonly bigint[] | undefined,
  b: readonly bigint[] | undefined,
): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [ours, theirs] = [a[index] ?? 0n, b[index] ?? 0n];
    if (ours !== theirs) return ours < theirs ? -1 : 1;
  }
  return 0;
}
