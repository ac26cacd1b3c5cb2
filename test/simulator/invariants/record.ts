import { verifyChain } from '../../../src/model/journal.ts';
import { canonicalJson } from '../../../src/model/json.ts';
import { SCOPE } from '../history.ts';
import type { World } from '../world.ts';
import type { Complain, Watch } from './invariant.ts';

/**
 * I6: what a process was told is kept, gets into the journal, and once.
 * I17: the journal only grows; each incident's chain holds.
 */
export function recordIsWhole(world: World, complain: Complain): Watch {
  const statements = new Map<string, string>();
  let seen = 0;

  function checkNew(): void {
    for (; seen < world.entries.length; seen += 1) {
      const entry = world.entries[seen]?.entry;
      if (entry === undefined) continue;
      const { incident, kind, at, actor, text, data, key } = entry;
      const { execution, step, attempt } = data;
      // An execution begins once; an attempt has one intent. Everything else is what it says.
      const once =
        kind === 'execution-started'
          ? [incident, kind, execution]
          : kind === 'intent' && step !== undefined
            ? [incident, kind, execution, step, attempt]
            : [incident, kind, at, actor, text, data];
      const name = canonicalJson(once);
      const first = statements.get(name);
      if (first !== undefined) complain('I6', `"${text}" is there twice: ${first} and ${key}.`);
      statements.set(name, key);
      const before = world.entries
        .slice(0, seen)
        .findLast((one) => one.entry.incident === incident);
      const follows = (before?.entry.seq ?? 0) + 1 === entry.seq;
      if (!follows) complain('I17', `Entry ${entry.seq} of ${incident} does not follow.`);
    }
  }

  return {
    landed: (write) => {
      if (write.store === 'journal') checkNew();
    },
    async end(machines) {
      checkNew();
      const incidents = new Set(world.entries.map(({ entry }) => entry.incident));
      for (const incident of incidents) {
        const rows = await world.journal.read(SCOPE, incident);
        const chain = verifyChain(rows);
        if (!chain.intact) complain('I17', `Entry ${chain.seq} of ${incident}: ${chain.problem}.`);
        const written = world.entries.filter(({ entry }) => entry.incident === incident);
        const same = rows.every((row, index) => row.hash === written[index]?.entry.hash);
        if (!same || rows.length !== written.length) complain('I17', `${incident} was rewritten.`);
      }
      const kept = new Set(world.entries.map(({ entry }) => entry.key));
      const aside = machines.reduce((sum, { setAside }) => sum + setAside.length, 0);
      const lost = world.acknowledged.filter(({ entry }) => !kept.has(entry.key));
      if (lost.length > aside) {
        const { process, entry } = lost[0] ?? {};
        complain(
          'I6',
          `${process?.name ?? '?'} was told that "${entry?.text ?? ''}" is kept; it is not.`,
        );
      }
    },
  };
}
