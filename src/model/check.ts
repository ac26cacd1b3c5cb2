import { type Verdict, worstVerdict } from './verdict.ts';

/** One answer of one check. */
export interface Measurement {
  /** Name of the check in `backout.yml`. */
  check: string;
  verdict: Verdict;
  /** One sentence: what was seen, and what was expected where they differ. */
  reason: string;
  /** Milliseconds from asking to judging. */
  duration_ms: number;
  /** ISO 8601, UTC. */
  at: string;
}

/** A stage of validation: all its checks, folded with worst-of. */
export interface StageResult {
  /** `now`, `t+2` or `t+10`. */
  stage: string;
  verdict: Verdict;
  measurements: Measurement[];
}

/** Folds the measurements of one stage. No measurement at all is inconclusive. */
export function foldStage(stage: string, measurements: Measurement[]): StageResult {
  return {
    stage,
    verdict: worstVerdict(measurements.map((measurement) => measurement.verdict)),
    measurements,
  };
}
