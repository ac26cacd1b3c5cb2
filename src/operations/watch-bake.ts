import { foldRounds, foldStage, type Measurement, type StageResult } from '../model/check.ts';
import type { Check } from '../ports/checks.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlagStore } from '../ports/flags.ts';
import { runStage } from './validate.ts';

/** Beyond twice the pause between two rounds: a loaded machine is late by less. */
const SLEPT_MS = 10_000;

/** The longest time between two rounds in which somebody still watched, in milliseconds. */
export function longestPause(everyMs: number): number {
  return 2 * everyMs + SLEPT_MS;
}

/** Rounds around the end of a bake: one that began just before it and the last, each asked twice. */
const ROUNDS_AT_THE_END = 4;
/** What those take where nobody says more, in milliseconds. */
export const CHECKS_CAP_MS = 60_000;

/** @param checksMs longest time of the checks around the end of a stage, where it is known */
export function slowestCheck(checksMs: number | undefined): number {
  return Math.max(CHECKS_CAP_MS, checksMs ?? 0) / ROUNDS_AT_THE_END;
}

export interface BakePorts {
  clock: Clock;
  flags: Pick<FlagStore, 'read'>;
  checks: readonly Check[];
}

export interface BakeRequest {
  stage: string;
  /** When it ends, in milliseconds since 1970. In the past: one round, now. */
  until: number;
  /** Between two rounds, in milliseconds. */
  everyMs: number;
  signal: AbortSignal;
  /** Longest that one check can take when nothing stops this process, in milliseconds. */
  slowestMs: number;
  /** Until when somebody watched already, in milliseconds since 1970. Left out: until now. */
  watchedUntil?: number;
  /** Called after every round, with what that round measured. */
  onRound?: (round: BakeRound) => void;
}

export interface BakeRound {
  number: number;
  result: StageResult;
  /** Milliseconds until the bake is over. */
  leftMs: number;
  /** The time of its newest answer, in milliseconds since 1970. */
  seenAt: number;
  safeState: boolean;
}

/**
 * Asks the checks of a stage round after round until the time is over. Every round counts:
 *
 * - A failed round ends it as failed: what is proven broken does not get better by waiting.
 * - A round that could not tell (inconclusive, error) is asked once more at once: one lost packet
 *   is no finding. If the second answer is good, the round is good. If not, the bake goes on, for a
 *   failure would still be worth more, but it cannot end as passed any more: in that time nobody
 *   knows whether the service was well.
 * - Time in which nobody watched (the machine slept, its clock was set) ends it as inconclusive. It
 *   is taken between the answers themselves: a process can be stopped at any point between two.
 *
 * The result has for each check its worst answer of all rounds.
 */
export async function watchBake(ports: BakePorts, request: BakeRequest): Promise<StageResult> {
  const { clock } = ports;
  const { stage, until, everyMs, signal } = request;
  const rounds: StageResult[] = [];
  let seenAt = request.watchedUntil ?? clock.now();
  for (;;) {
    const last = clock.now() >= until;
    const round = await lookTwice(ports, request);
    const asked = Math.min(clock.now(), ...round.result.measurements.map(startOf));
    if (asked - seenAt > longestPause(everyMs)) {
      return foldRounds(stage, [...rounds, round.result, notWatched(stage, seenAt, asked)]);
    }
    // Stopped inside a round: each check ends within its own time, or the process stood still.
    const took = Math.max(0, ...round.result.measurements.map(({ duration_ms: ms }) => ms));
    if (took > request.slowestMs + SLEPT_MS) {
      const gap = notWatched(stage, clock.now() - took, clock.now());
      return foldRounds(stage, [...rounds, round.result, gap]);
    }
    rounds.push(round.result);
    seenAt = Math.max(seenAt, ...round.result.measurements.map(({ at }) => Date.parse(at)));
    const leftMs = Math.max(0, until - clock.now());
    request.onRound?.({ ...round, number: rounds.length, leftMs, seenAt });
    if (last || round.result.verdict === 'failed') return foldRounds(stage, rounds);
    await clock.sleep(Math.max(0, Math.min(everyMs, until - clock.now())), signal);
  }
}

/** Some checks note when they began and some when they ended: at the earliest it began then. */
function startOf({ at, duration_ms: ms }: Measurement): number {
  return Date.parse(at) - ms;
}

async function lookTwice(ports: BakePorts, request: BakeRequest) {
  const first = await look(ports, request);
  const { verdict, measurements } = first.result;
  // No check at all: asking again would find none again.
  if (verdict === 'passed' || verdict === 'failed' || measurements.length === 0) return first;
  return await look(ports, request);
}

/** One round, with the expectations of the state that is on now. */
async function look({ flags, checks }: BakePorts, { stage, signal }: BakeRequest) {
  const { overrides } = await flags.read();
  const safeState = overrides.some(({ mode }) => mode !== 'lifted');
  return { safeState, result: await runStage(checks, stage, { safeState, signal }) };
}

function notWatched(stage: string, since: number, until: number): StageResult {
  const gap = until - since;
  const reason = `Nobody watched for ${Math.round(gap / 1000)} s: the machine slept, or its clock was set.`;
  const at = new Date(until).toISOString();
  return foldStage(stage, [
    { check: 'watching', verdict: 'inconclusive', reason, duration_ms: gap, at },
  ]);
}
