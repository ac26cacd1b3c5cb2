import { OBSERVED_RULE } from './observed.ts';
import type { Scope } from './scope.ts';

/** A run of trouble, from the first signal to its close. Everything of it is in the journal. */
export interface Incident extends Scope {
  id: string;
  status: 'open' | 'closed';
  /** ISO 8601 UTC. */
  openedAt: string;
  closedAt?: string;
  reason: string;
  /** The rule that opened it; `manual` when a person did. */
  rule: string;
  openedBy: string;
}

/** The rule of records that are no trouble: work on a service outside any incident. */
export const MAINTENANCE_RULE = 'maintenance';

/** Such a record is never taken for the incident that is open. */
export function isMaintenance({ rule }: Pick<Incident, 'rule'>): boolean {
  return rule === MAINTENANCE_RULE || rule === OBSERVED_RULE;
}
