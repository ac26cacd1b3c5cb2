/** One history, and what has to come of it: shown, chosen, refused. */

import { expect } from 'vitest';
import * as z from 'zod';
import { errorOf } from './answers.ts';
import type { Ground } from './ground.ts';
import { assessed, call } from './history.ts';
import { incidentsOf } from './look.ts';
import type { CliEnd } from './run-cli.ts';
import { openSite, type Site, type SiteOptions } from './site.ts';
import { expectNothingChanged } from './untouched.ts';

export interface Refused {
  exit: number;
  code: string;
  /** Found in the message. */
  says: RegExp;
  /** Found in what to do. */
  remedy?: RegExp;
}

export interface Choice {
  /** Ends the sentence "given …". */
  given: string;
  options?: SiteOptions;
  /** Makes the history; nothing is recorded before, v1.0.0 to v1.2.0 are tags, v1.2.0 runs. */
  past: (site: Site) => Promise<unknown>;
  /** What is live. Default: v1.2.0 */
  live?: string | undefined;
  /** The last known good, and what a rollback without a name plans to go to. */
  chosen: string | Refused;
  /** Colours and reasons. */
  candidates: Record<string, string>;
  /** What a person reads. */
  shows?: RegExp[];
  /** In the problems of the assessment. Default: there are none. */
  problem?: RegExp;
  /** What is refused by name. */
  refused?: Record<string, Refused>;
}

const WHY = ['--reason', 'Every second request fails'];
const plan = z.object({ plan: z.object({ to: z.string(), from: z.string().optional() }) });

/** What the command line answers to a history. Nothing of it may change anything. */
export async function answersTo(ground: Ground, choice: Choice) {
  await using site = await openSite(ground, {
    instance: false,
    recorded: false,
    ...choice.options,
  });
  await choice.past(site);
  const before = await incidentsOf(site);
  const { live, chosen, candidates, problems, text } = await assessed(site);
  // Wrapped to 80 columns: what it says does not depend on where a line ends.
  const shown = text.replaceAll(/\s+/g, ' ');
  const planned = await call(site, ['rollback', 'application', '--dry-run', '--json']);
  const named: Record<string, ReturnType<typeof readRefusal>> = {};
  for (const tag of Object.keys(choice.refused ?? {})) {
    const args = ['rollback', 'application', '--to', tag, '--yes', '--json', ...WHY];
    named[tag] = readRefusal(await call(site, args));
  }
  await expectNothingChanged(site, before);
  return {
    assessed: { live, chosen, candidates, problems: problems.join('\n') },
    notShown: (choice.shows ?? []).filter((wanted) => !wanted.test(shown)),
    planned: planned.code === 0 ? plan.parse(planned.json).plan : readRefusal(planned),
    named,
  };
}

function readRefusal(end: CliEnd) {
  const { code, message, remedy } = errorOf(end);
  return { code, exit: end.code, message, remedy };
}

/** What it has to answer. */
export function wantedOf(choice: Choice) {
  const { chosen, candidates, problem, refused = {} } = choice;
  const live = 'live' in choice ? choice.live : 'v1.2.0';
  const good = typeof chosen === 'string' ? chosen : undefined;
  const named = Object.entries(refused).map(([tag, one]) => [tag, wantedRefusal(one)] as const);
  return {
    assessed: {
      live,
      chosen: good,
      candidates,
      problems: problem === undefined ? '' : matching(problem),
    },
    notShown: [],
    planned: typeof chosen === 'string' ? { from: live, to: chosen } : wantedRefusal(chosen),
    named: Object.fromEntries(named),
  };
}

function wantedRefusal({ code, exit, says, remedy }: Refused) {
  return { code, exit, message: matching(says), remedy: matching(remedy ?? /\S/) };
}

function matching(wanted: RegExp): string {
  return expect.stringMatching(wanted) as string;
}
