/**
 * What the name of a run says. GitHub does not tell the inputs of a run; a workflow can put them
 * into its name (`run-name`), and backout.yml says in `run_name` what that looks like.
 */

import { isCommitFormat, isTagFormat } from '../../model/release.ts';

export interface NamedRun {
  tag?: string;
  commit?: string;
  /** Set by us only: a run with one of these is ours. */
  incident?: string;
  fence?: number;
}

/** What stands for each word in braces; what only we fill in may be empty. */
const PARTS: Readonly<Record<string, string>> = {
  tag: String.raw`(?<tag>\S+)`,
  commit: String.raw`(?<commit>[0-9a-f]{40,64})?`,
  incident: String.raw`(?<incident>[\w-]*)`,
  fence: String.raw`(?<fence>\d{0,16})`,
};

/**
 * @param template such as `Deploy {tag} to {environment} {incident} {fence}`
 * @param places what the other words in braces stand for
 * @returns reads a title; undefined for that of a run which deploys something else, or elsewhere
 */
export function runNameReader(
  template: string,
  places: Readonly<Record<string, string>>,
): (title: string) => NamedRun | undefined {
  const used = new Set<string>();
  const pattern = template
    .trim()
    .split(/(\{[a-z]+\}|\s+)/)
    .map((part) => {
      // GitHub takes away spaces that an empty input leaves at the ends.
      if (/^\s+$/.test(part)) return String.raw`\s*`;
      const word = /^\{([a-z]+)\}$/.exec(part)?.[1];
      if (word === undefined) return literally(part);
      const found = PARTS[word];
      if (found === undefined) return literally(places[word] ?? part);
      // The same name twice is one thing said twice.
      if (used.has(word)) return String.raw`\k<${word}>`;
      used.add(word);
      return found;
    })
    .join('');
  const expression = new RegExp(`^${pattern}$`);
  return (title) => readTitle(expression.exec(title.trim())?.groups);
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

function readTitle(groups: Record<string, string | undefined> | undefined): NamedRun | undefined {
  if (groups === undefined) return undefined;
  const { tag, commit, incident = '', fence = '' } = groups;
  if (tag !== undefined && !isTagFormat(tag)) return undefined;
  return {
    ...(tag === undefined ? {} : { tag }),
    ...(commit !== undefined && isCommitFormat(commit) ? { commit } : {}),
    ...(incident === '' ? {} : { incident }),
    ...(fence === '' ? {} : { fence: Number(fence) }),
  };
}
