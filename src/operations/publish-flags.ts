import type { FlagValue, FlagValues } from '../model/flags.ts';
import type { FlagEditor } from '../ports/flags.ts';

/** Groups as `backout.yml` has them: a default for each flag, and mostly a safe value. */
type Groups = Readonly<
  Record<string, { flags: Record<string, { default: FlagValue; safe?: FlagValue | undefined }> }>
>;

/**
 * Publishes the flags of the reviewed configuration, group by group: base values that are missing,
 * and the safe values. Publishing again changes nothing.
 * @throws BackoutError E_SAFE_FROZEN while an override lives and safe values would change
 */
export async function publishFlags(
  editor: FlagEditor,
  groups: Groups,
): Promise<{ group: string; flags: number }[]> {
  const published: { group: string; flags: number }[] = [];
  for (const [group, { flags }] of Object.entries(groups)) {
    const defaults: FlagValues = {};
    const safe: FlagValues = {};
    for (const [name, flag] of Object.entries(flags)) {
      defaults[name] = flag.default;
      if (flag.safe !== undefined) safe[name] = flag.safe;
    }
    await editor.publish(group, defaults, safe);
    published.push({ group, flags: Object.keys(flags).length });
  }
  return published;
}
