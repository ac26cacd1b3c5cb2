import { BackoutError } from '../../src/model/error.ts';
import { parseLevel } from '../../src/model/level.ts';
import { newIncidentId } from '../../src/operations/incidents.ts';
import { databaseNotAvailable } from '../../src/operations/roll-back.ts';
import {
  lookAround,
  lookAtFlags,
  type Surroundings,
} from '../../src/operations/manual/look-around.ts';
import { manualPlan } from '../../src/operations/manual/manual-plan.ts';
import { timestamp } from '../../src/ports/clock.ts';
import { manualFacts } from '../../src/wiring/manual-facts.ts';
import { mendWords } from '../check-input.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { renderManual } from '../render/manual.ts';

interface ManualOptions extends GlobalOptions {
  to?: string;
  reason?: string;
}

/**
 * Prints how to do by hand what `rollback` would do. It is for the time when everything is down, so
 * it waits for nothing longer than a moment, and what it could not read it says. Exit code 3 then.
 */
export async function showManual(level: string, options: ManualOptions) {
  const parsed = parseLevel(level);
  if (parsed === 'database') throw databaseNotAvailable();
  const isFlags = parsed === 'flags';
  const wanted = {
    need: isFlags ? ('flags' as const) : ('assess' as const),
    // Which file counts decides which programs are printed; the safe state names none.
    emergency: isFlags,
    lookOnly: true,
  };
  return await withService(options, wanted, async ({ service, out, user, again }) => {
    const { ports, config } = service;
    const { reason, notes } = mendWords(options, user);
    for (const note of notes) out.line(note);
    if (isFlags && options.to !== undefined) {
      out.line('--to has no effect: level flags leaves the release as it is.');
    }
    const nothing = { live: undefined, release: undefined, liveIsRecorded: undefined };
    const seen: Surroundings = isFlags
      ? { ...nothing, ...(await lookAtFlags(ports)) }
      : await lookAround(ports, { named: options.to, offered: config.releases.candidates });
    const { unread, ...facts } = await manualFacts(service, parsed);
    const { release } = seen;
    const proven = release?.kind === 'known-good' || (release?.kind === 'named' && release.proven);
    const policy = config.environment.approval.application;
    const unknown = [...seen.unknown, ...unread];
    const plan = manualPlan(
      {
        ...facts,
        ...seen,
        level: parsed,
        incident: seen.running?.incident ?? newIncidentId(ports),
        at: timestamp(ports.clock),
        by: user,
        reason,
        needsSecondPerson:
          !isFlags && (policy === 'always' || (policy === 'unless_green' && !proven)),
        unknown,
      },
      again,
    );
    out.script(plan, renderManual(plan));
    return unknown.length === 0 ? EXIT.done : EXIT.uncertain;
  });
}

/** @throws BackoutError E_USAGE: an option that only a plan by hand has */
export function requireManual({ reason }: { reason?: string }): void {
  if (reason === undefined) return;
  throw new BackoutError({
    code: 'E_USAGE',
    kind: 'usage',
    message: '--reason is for a plan by hand: a plan has no reason, a rollback has.',
    remedy: 'Add --manual, or give the reason to `backout rollback`.',
  });
}
