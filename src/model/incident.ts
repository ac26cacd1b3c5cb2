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
