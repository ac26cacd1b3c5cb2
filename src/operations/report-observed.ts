import { isMaintenance } from '../model/incident.ts';
import {
  type Observation,
  observationsIn,
  observedDay,
  reportObserved,
  type RuleReport,
} from '../model/observed.ts';
import type { OperationPorts } from './operation-ports.ts';

const DAY_MS = 86_400_000;

/** What automation would have done in some days, and how often nobody else saw trouble. */
export interface ObservedReport {
  /** ISO 8601 UTC. */
  from: string;
  to: string;
  rules: RuleReport[];
  /** Incidents that people or automation had in that time. */
  incidents: number;
}

/**
 * @param sinceMs how far back, in milliseconds
 * @throws BackoutError E_JOURNAL_UNREACHABLE
 */
export async function reportObservations(
  { journal, clock, scope }: Pick<OperationPorts, 'journal' | 'clock' | 'scope'>,
  sinceMs: number,
): Promise<ObservedReport> {
  const now = clock.now();
  const from = now - sinceMs;
  const days = Array.from({ length: Math.floor(sinceMs / DAY_MS) + 2 }, (_, index) =>
    observedDay(now - index * DAY_MS),
  );
  const incidents = (await journal.incidents(scope)).filter((one) => !isMaintenance(one));
  const observations: Observation[] = [];
  for (const day of new Set(days)) {
    observations.push(...observationsIn(await journal.read(scope, day)));
  }
  const troubles = incidents.map(({ openedAt, closedAt }) => ({
    from: Date.parse(openedAt),
    ...(closedAt === undefined ? {} : { to: Date.parse(closedAt) }),
  }));
  return {
    from: new Date(from).toISOString(),
    to: new Date(now).toISOString(),
    rules: reportObserved(
      observations.filter(({ at }) => at >= from && at <= now),
      troubles,
    ),
    incidents: troubles.filter(({ to = now }) => to >= from).length,
  };
}
