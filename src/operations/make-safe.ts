import { commanderOf } from '../model/commander.ts';
import { describeCause } from '../model/error.ts';
import type { JournalEntry } from '../model/journal.ts';
import type { Plan } from '../model/plan.ts';
import { listOff } from '../model/still-off.ts';
import { announcer, messagesSent } from './announce.ts';
import { within } from '../ports/clock.ts';
import { executePlan } from './execute-plan.ts';
import type { ExecutionLimits } from './execution-limits.ts';
import { closingMessage, nextCommand } from './finish-rollback.ts';
import { newIncidentId, openIncident, runningIncident } from './incidents.ts';
import { followCommander } from './lead.ts';
import { NO_LEASES } from './leases.ts';
import type { OperationPorts, Request, RollbackResult } from './operation-ports.ts';
import { type Haste, planFlags } from './plan-rollback.ts';
import { stepHandlers } from './step-handlers.ts';
import { readHeldOff, readStillOff } from './still-off.ts';

/** Longest that recording the opening may: the spool's 1.5 s, and its disk. */
const RECORD_CAP_MS = 2_000;

/** An execution of level flags that did not come to its end. */
export interface Interrupted {
  id: string;
  plan: Plan;
  entries: readonly JournalEntry[];
}

/**
 * Level flags: the safe state. Waits for no lease, no approval, no message and no database: the
 * journal that is passed in writes to the spool first (adapters/file/spool.ts).
 * @param request.isNews false where the named incident is known to run: then it is not opened again,
 * and people hear only of what is not proven
 */
export async function makeSafe(
  ports: OperationPorts,
  request: Request & { incident?: string; isNews?: boolean },
  interrupted?: Interrupted,
  haste?: Haste & ExecutionLimits,
): Promise<RollbackResult> {
  const problems: string[] = [];
  const known = request.incident ?? (await runningIncident(ports));
  const incident = known ?? newIncidentId(ports);
  const id = interrupted?.id ?? `flags-${ports.ids.next()}`;
  // A named incident may be unknown or closed, and asking would cost time: opening it again under a
  // key of its own is right in every case. One whose override is in force is open, and so is one
  // that is resumed.
  // Asked now and taken as it is at the end: nothing here waits for the journal's answer. A new
  // incident has no commander yet.
  const lead = followCommander(ports, incident, commanderOf(interrupted?.entries ?? []));
  if (known !== undefined && interrupted === undefined) lead.look();
  const key = known === undefined ? 'opened' : `opened/${id}`;
  const isNews = request.isNews ?? true;
  const named = request.incident !== undefined && interrupted === undefined && isNews;
  if (known === undefined || named) {
    await within(ports.clock, RECORD_CAP_MS, () =>
      openIncident(ports, incident, request, key),
    ).catch((error: unknown) => {
      problems.push(`The opening is not recorded: ${describeCause(error)}`);
    });
  }
  const handlerFor = stepHandlers({ ...ports, onStage: () => Promise.resolve() });
  const execution = await executePlan(
    { ...ports, handlerFor, leases: NO_LEASES },
    {
      ...request,
      id,
      incident,
      plan: interrupted?.plan ?? planFlags(ports.facts, haste),
      entries: interrupted?.entries ?? [],
      journalRequired: false,
      ...(haste === undefined ? {} : { limits: haste }),
    },
  );
  const stillOff =
    haste === undefined ? await readStillOff(ports) : await readHeldOff(ports, haste.confirmMs);
  const news = announcer(ports, incident, messagesSent(interrupted?.entries ?? []), {
    commander: () => lead.commander(),
    // It was the last message: whoever leads next is nobody's question any more.
    look: () => undefined,
  });
  // Not "safe state on" whatever happened: people act on what this says.
  if (isNews || execution.outcome !== 'done') {
    news.say(closingMessage(execution), `${id}/end/${execution.outcome}`, {
      reason: request.reason,
      by: request.actor,
      level: 'flags',
      off: listOff(stillOff),
      problems: execution.problems,
      command: nextCommand(execution),
    });
  }
  problems.push(...(await news.settle()), ...execution.problems);
  return { incident, execution, stages: [], stillOff, postmortem: undefined, problems };
}
