import { isTagFormat, type Tag } from '../../model/release.ts';
import { compareVersions, parseVersion, type VersionScheme } from '../../model/version.ts';
import { readObjects } from './read-objects.ts';
import { type GitOptions, repositoryError, runGit } from './run-git.ts';

export interface TagRules {
  /** Glob with one `*` for the version, see model/version.ts. */
  tagPattern: string;
  scheme: VersionScheme;
}

/** Fields are separated by NUL, which no name can contain; a line break cannot be in a name either. */
const FIELDS = [
  'refname:lstrip=2',
  'objecttype',
  'objectname',
  '*objecttype',
  '*objectname',
  'creatordate:unix',
];
const FORMAT = FIELDS.map((field) => `%(${field})`).join('%00');

/**
 * All release tags, newest version first, by one `git for-each-ref` whatever their number; a second
 * one where tags have no time of their own: asking for the time of every commit takes as long again. Tags on
 * trees and files, tags that are no versions, and names that are unsafe to pass on are left out.
 * Of two tags with the same rank (`1.0.0+a`, `1.0.0+b`) the younger comes first.
 */
export async function readTags(options: GitOptions, rules: TagRules): Promise<Tag[]> {
  const answer = await runGit(options, ['for-each-ref', `--format=${FORMAT}`, 'refs/tags/']);
  if (answer.code !== 0) throw repositoryError(options, `git says: ${answer.complaint}`);
  const rows = answer.stdout.toString('utf8').split('\n').filter(Boolean);
  const candidates = rows.flatMap((row) => parseRow(row, rules) ?? []);
  const [nested, times] = await Promise.all([
    peelNested(options, candidates),
    candidates.some(({ tag }) => tag.at === undefined) ? readCommitTimes(options) : undefined,
  ]);
  return candidates
    .flatMap(({ tag, target }) => {
      const commit = target.type === 'tag' ? nested.get(tag.name) : target.name;
      const ends = target.type === 'tag' || target.type === 'commit';
      return ends && commit !== undefined
        ? [{ ...tag, at: tag.at ?? times?.get(tag.name) ?? toInstant(''), commit }]
        : [];
    })
    .toSorted(newestFirst);
}

interface Candidate {
  /** Annotated tags made by old tools have no tagger, hence no time of their own. */
  tag: Omit<Tag, 'commit' | 'at'> & { at: string | undefined };
  /** The object the tag points at, followed once. */
  target: { type: string; name: string };
}

function parseRow(row: string, rules: TagRules): Candidate | undefined {
  const [name = '', type = '', object = '', nextType, next, created = ''] = row.split('\0');
  const version = parseVersion(name, rules.tagPattern, rules.scheme);
  if (version === undefined || !isTagFormat(name)) return undefined;
  const annotated = type === 'tag';
  const target = annotated ? { type: nextType ?? '', name: next ?? '' } : { type, name: object };
  const at = created === '' ? undefined : toInstant(created);
  return { tag: { name, annotated, at, version }, target };
}

/** @param seconds since 1970, as git says it; '' = unknown, which sorts as the oldest */
function toInstant(seconds: string): string {
  const number = Number(seconds);
  return new Date(Number.isFinite(number) ? number * 1000 : 0).toISOString();
}

/** The times of the commits that annotated tags point at, by tag. */
async function readCommitTimes(options: GitOptions): Promise<Map<string, string>> {
  const format = '--format=%(refname:lstrip=2)%00%(*committerdate:unix)';
  const answer = await runGit(options, ['for-each-ref', format, 'refs/tags/']);
  if (answer.code !== 0) throw repositoryError(options, `git says: ${answer.complaint}`);
  const rows = answer.stdout.toString('utf8').split('\n').filter(Boolean);
  return new Map(
    rows.map((row): [string, string] => {
      const [name = '', seconds = ''] = row.split('\0');
      return [name, toInstant(seconds)];
    }),
  );
}

/**
 * Commits of tags that point at tags. for-each-ref follows a tag once before git 2.45 and to its
 * end since then, so these rare ones are asked for separately, all in one go.
 */
async function peelNested(
  options: GitOptions,
  candidates: readonly Candidate[],
): Promise<Map<string, string>> {
  const names = candidates.filter(({ target }) => target.type === 'tag').map(({ tag }) => tag.name);
  const objects = await readObjects(
    options,
    names.map((name) => `refs/tags/${name}^{commit}`),
  );
  return new Map(
    names.flatMap((name, index) => {
      const object = objects[index];
      return object === undefined ? [] : [[name, object.name]];
    }),
  );
}

function newestFirst(a: Tag, b: Tag): number {
  const byVersion = compareVersions(b.version, a.version);
  if (byVersion !== 0) return byVersion;
  if (a.at !== b.at) return a.at < b.at ? 1 : -1;
  return a.name < b.name ? 1 : -1;
}
