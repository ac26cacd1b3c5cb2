/** Identity and randomness, passed in so that a run can be replayed. */
export interface Ids {
  /** Eight characters a–z and 0–9, not seen before: for incidents, executions, generations. */
  next(): string;
  /** 0 ≤ x < 1, for jitter. */
  random(): number;
}
