/** What came of giving level application to somebody who may change targets. Plain JSON. */
export interface HandOverResult {
  /** Who does it: a workflow run, our own function, or nobody. */
  by: 'github' | 'runner' | 'nobody';
  /** `running`: taken over, and not over yet. `unknown` is neither success nor failure. */
  outcome: 'running' | 'done' | 'failed' | 'unknown' | 'already-done';
  /** Where to watch it. */
  url?: string;
  /** What did not work on the way, in the order it happened. */
  problems: string[];
  /** The one line to paste when a person has to go on. */
  command?: string;
}

/** Who asks for level application without a person, and for what. Plain JSON. */
export interface HandOverRequest {
  service: string;
  environment: string;
  incident: string;
  /** Tag of the release to go back to: the GREEN last known good. */
  to: string;
  rule: string;
  reason: string;
  actor: string;
}
