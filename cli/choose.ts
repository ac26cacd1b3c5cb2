import { suggestRemedy } from '../src/config/suggest.ts';
import { BackoutError } from '../src/model/error.ts';

/**
 * The named ones in the order of `all`; none named means all.
 * @param code of the refusal, such as E_CACHE
 * @param what one of them is called
 * @throws BackoutError (usage) when a name is unknown, or when there is none at all
 */
export function choose<Part extends { name: string }>(
  code: `E_${string}`,
  what: string,
  all: readonly Part[],
  named: readonly string[],
): Part[] {
  const names = all.map(({ name }) => name);
  const unknown = named.find((name) => !names.includes(name));
  if (names.length === 0 || unknown !== undefined) {
    throw new BackoutError({
      code,
      kind: 'usage',
      message:
        unknown === undefined
          ? `backout.yml has no ${what} in this environment.`
          : `backout.yml has no ${what} ${JSON.stringify(unknown.slice(0, 80))} in this environment.`,
      remedy:
        names.length === 0
          ? `Add it to backout.yml; \`docs/configuration.md\` says how.`
          : suggestRemedy(unknown ?? '', names),
    });
  }
  return named.length === 0 ? [...all] : all.filter(({ name }) => named.includes(name));
}
