import type { BackoutConfig } from '../config/schema.ts';
import type { FlagValues } from '../model/flags.ts';
import type { FlagEditor } from '../ports/flags.ts';

type Groups = BackoutConfig['flags']['groups'];

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
