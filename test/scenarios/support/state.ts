/** The end of a rollback as one value, to compare a disturbed run with an undisturbed one. */

import * as look from './look.ts';
import type { Site } from './site.ts';

/** Without what differs from run to run by nature: ids, times, process numbers. */
export async function stateOf(site: Site) {
  const incidents = await look.incidentsOf(site);
  const overrides = Object.values(await look.overridesOf(site));
  return {
    live: await look.liveOf(site),
    changes: (await look.changesOf(site)).map(({ tag }) => tag),
    overrides: overrides.map(({ mode }) => mode),
    breakers: await look.breakersOf(site),
    releases: (await look.releasesOf(site)).map(({ tag, status, held }) => ({
      tag,
      status,
      held: held !== null && incidents.some(({ id }) => id === held),
    })),
    incidents: incidents.map(({ entries, chain }) => ({
      intact: chain.intact,
      // The keys of an attempt's intents: the journal itself would refuse a second one.
      repeatedIntents: repeats(
        entries
          .filter(({ kind }) => kind === 'intent')
          .map(({ data }) => JSON.stringify([data['execution'], data['step'], data['attempt']])),
      ),
      opened: entries.filter(({ kind }) => kind === 'incident-opened').length,
      decisions: entries.filter(({ kind }) => kind === 'decision').length,
    })),
    spooled: (await look.spooledOf(site)).length,
    postmortems: (await look.postmortemsOf(site)).length,
    leases: await look.leasesOf(site),
  };
}

function repeats(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}
