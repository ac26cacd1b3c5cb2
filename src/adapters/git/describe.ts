import { type Description, describeAs } from '../../model/description.ts';
import { isTagFormat } from '../../model/release.ts';
import { parseVersion } from '../../model/version.ts';
import type { TagRules } from './read-tags.ts';
import { type GitAnswer, type GitOptions, runGit } from './run-git.ts';

/** Tags of the pattern that are no versions, nearer than the version: more than these, and we stop. */
const MOST_OTHERS = 20;

/**
 * `git describe` by tags that are releases. The pattern alone lets in others (`vnext` for `v*`):
 * those are left out by name, one after the other, because git knows nothing of versions.
 * @param commit whole name of a commit
 * @returns undefined when no release is in its history; git's answer when it has none
 */
export async function describeCommit(
  git: GitOptions,
  rules: TagRules,
  commit: string,
): Promise<Description | GitAnswer | undefined> {
  const others: string[] = [];
  while (others.length <= MOST_OTHERS) {
    const answer = await runGit(git, [
      'describe',
      '--tags',
      '--long',
      '--abbrev=40',
      `--match=${asGlob(rules.tagPattern)}`,
      ...others.map((name) => `--exclude=${escapeGlob(name)}`),
      commit,
    ]);
    if (answer.code !== 0) return NOTHING.test(answer.complaint) ? undefined : answer;
    const found = /^(.+)-(\d+)-g[0-9a-f]+$/.exec(answer.stdout.toString('utf8').trim());
    const [, tag, distance] = found ?? [];
    if (tag === undefined) return answer;
    const version = parseVersion(tag, rules.tagPattern, rules.scheme);
    if (version !== undefined && isTagFormat(tag)) {
      return describeAs(tag, Number(distance), commit);
    }
    others.push(tag);
  }
  return undefined;
}

/** What git says when there is no such tag at all, and when none is in the commit's history. */
const NOTHING = /No names found|No tags can describe|No annotated tags can describe/;

/** The pattern of `backout.yml` as git reads one: only its `*` is special. */
function asGlob(pattern: string): string {
  return pattern.split('*').map(escapeGlob).join('*');
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, '\\$&');
}
