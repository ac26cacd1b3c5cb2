import { describeAs } from '../../model/description.ts';
import { BackoutError } from '../../model/error.ts';
import { requireTagFormat, type Tag } from '../../model/release.ts';
import { compareVersions, parseVersion, type VersionScheme } from '../../model/version.ts';
import type { Repository } from '../../ports/releases.ts';

export interface MemoryCommit {
  /** 40 hexadecimal digits. */
  commit: string;
  parents: string[];
  subject: string;
  /** All files of that commit by path. */
  files?: Readonly<Record<string, string>>;
}

export interface MemoryHistory {
  /** Oldest first. */
  commits: readonly MemoryCommit[];
  tags: readonly Omit<Tag, 'version'>[];
  /** Commit by name of branch. */
  branches?: Readonly<Record<string, string>>;
  tagPattern: string;
  scheme: VersionScheme;
}

/** A repository made of plain values. They are read at every call, so a test may change them. */
export function memoryRepository(history: MemoryHistory): Repository {
  const find = (commit: string): MemoryCommit => {
    const found = history.commits.find((candidate) => candidate.commit === commit);
    if (found !== undefined) return found;
    throw new BackoutError({
      code: 'E_COMMIT_UNKNOWN',
      message: `There is no commit ${commit}.`,
      remedy: 'Fetch it first.',
    });
  };

  function reachableFrom(commit: string): Set<string> {
    const seen = new Set<string>();
    const open = [find(commit).commit];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...find(next).parents);
    }
    return seen;
  }

  function versions(): Tag[] {
    return history.tags.flatMap((tag) => {
      const version = parseVersion(tag.name, history.tagPattern, history.scheme);
      return version === undefined ? [] : [{ ...tag, version }];
    });
  }

  return {
    async tags() {
      return versions().toSorted(
        (a, b) => compareVersions(b.version, a.version) || (a.at < b.at ? 1 : -1),
      );
    },
    async resolve(name) {
      requireTagFormat(name);
      const tag = history.tags.find((candidate) => candidate.name === name)?.commit;
      const byName = tag ?? history.branches?.[name];
      if (byName !== undefined || !/^[0-9a-f]{7,40}$/.test(name)) return byName;
      const matches = history.commits.filter(({ commit }) => commit.startsWith(name));
      return matches.length === 1 ? matches[0]?.commit : undefined;
    },
    async isAncestor(ancestor, commit) {
      return reachableFrom(commit).has(find(ancestor).commit);
    },
    async commitsBetween(from, to, limit) {
      const old = reachableFrom(from);
      const wanted = reachableFrom(to);
      return history.commits
        .filter(({ commit }) => wanted.has(commit) && !old.has(commit))
        .toReversed()
        .slice(0, limit)
        .map(({ commit, subject }) => ({ commit, subject }));
    },
    async changesBetween(from, to, limit) {
      const old = reachableFrom(from);
      const [before, after] = [find(from).files ?? {}, find(to).files ?? {}];
      const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])]
        .filter((path) => before[path] !== after[path])
        .toSorted();
      return {
        commits: [...reachableFrom(to)].filter((commit) => !old.has(commit)).length,
        files: paths.length,
        paths: paths.slice(0, limit),
      };
    },
    async describe(commit) {
      requireTagFormat(commit);
      const reachable = reachableFrom(commit);
      const found = versions()
        .filter((tag) => reachable.has(tag.commit))
        .map((tag) => ({ tag, distance: reachable.size - reachableFrom(tag.commit).size }))
        // Of tags on one commit git takes an annotated one.
        .toSorted(
          (a, b) => a.distance - b.distance || Number(b.tag.annotated) - Number(a.tag.annotated),
        );
      const [nearest] = found;
      return nearest && describeAs(nearest.tag.name, nearest.distance, commit);
    },
    async fileAt(commit, path) {
      return find(commit).files?.[path];
    },
  };
}
