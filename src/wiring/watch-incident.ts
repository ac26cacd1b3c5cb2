import type { Incident } from '../model/incident.ts';
import type { ClockStart } from '../model/clock-start.ts';
import {
  type ClockEnd,
  runIncidentClock,
} from '../operations/incident-clock/run-incident-clock.ts';
import type { Steps } from '../ports/steps.ts';
import { buildClockWork, handOverToPeople } from './build-clock-work.ts';
import { clockSettings } from './clock-settings.ts';
import type { OpenService } from './open-service.ts';

/**
 * The clock of an incident that a person watches: it says what is due and calls for help, and
 * changes nothing.
 */
export async function watchIncident(
  service: OpenService,
  { id, rule, reason, openedBy, openedAt, service: name, environment }: Incident,
  steps: Steps,
): Promise<ClockEnd> {
  const start: ClockStart = {
    incident: id,
    service: name,
    environment,
    decision: 'act',
    rule,
    reason,
    actor: openedBy,
    at: new Date(openedAt).toISOString(),
    level: 'flags',
  };
  const work = {
    ...buildClockWork(service, start, { handOver: handOverToPeople }),
    // Watching changes nothing: what a person has lifted since stays lifted.
    makeSafe: () => Promise.resolve({ outcome: 'not-run' as const, problems: [] }),
  };
  return await runIncidentClock(steps, work, start, clockSettings(service.config, rule));
}
