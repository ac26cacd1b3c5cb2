import { type Verdict, VERDICTS, worstVerdict } from './verdict.ts';

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

/**
 * Many rounds of one stage as one result: for each check its worst answer of all rounds, the newest
 * of equals. A round without any measurement says nothing, and so does the whole then.
 */
export function foldRounds(stage: string, rounds: readonly StageResult[]): StageResult {
  const worst = new Map<string, Measurement>();
  for (const [index, { measurements }] of rounds.entries()) {
    for (const measurement of measurements) {
      const known = worst.get(measurement.check);
      if (known !== undefined && rank(known) > rank(measurement)) continue;
      worst.set(measurement.check, inRound(measurement, index + 1, rounds.length));
    }
  }
  const silent =
    rounds.length === 0 || rounds.some(({ measurements }) => measurements.length === 0);
  const verdicts = [...worst.values()].map(({ verdict }) => verdict);
  return {
    stage,
    verdict: worstVerdict(silent ? [...verdicts, 'inconclusive'] : verdicts),
    measurements: [...worst.values()],
  };
}

const rank = ({ verdict }: Measurement): number => VERDICTS.indexOf(verdict);

/** What was not good says when that was; what was always good needs no number. */
function inRound(measurement: Measurement, round: number, of: number): Measurement {
  if (of === 1 || measurement.verdict === 'passed') return measurement;
  return { ...measurement, reason: `Round ${round} of ${of}: ${measurement.reason}` };
}
