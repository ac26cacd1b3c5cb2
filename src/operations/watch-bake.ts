import { foldRounds, foldStage, type StageResult } from '../model/check.ts';
import type { Check } from '../ports/checks.ts';
import { type Clock, timestamp } from '../ports/clock.ts';
import type { FlagStore } from '../ports/flags.ts';
import { runStage } from './validate.ts';

/** Beyond twice the pause between two rounds: a loaded machine is late by less. */
const SLEPT_MS = 10_000;

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
  /** Called after every round, with what that round measured. */
  onRound?: (round: BakeRound) => void;
}

export interface BakeRound {
  number: number;
  result: StageResult;
  /** Milliseconds until the bake is over. */
  leftMs: number;
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
 * - Time in which nobody watched (the machine slept, its clock was set) ends it as inconclusive.
 *
 * The result has for each check its worst answer of all rounds.
 */
export async function watchBake(ports: BakePorts, request: BakeRequest): Promise<StageResult> {
  const { clock } = ports;
  const { stage, until, everyMs, signal } = request;
  const rounds: StageResult[] = [];
  for (;;) {
    const last = clock.now() >= until;
    const round = await lookTwice(ports, request);
    rounds.push(round.result);
    const leftMs = Math.max(0, until - clock.now());
    request.onRound?.({ ...round, number: rounds.length, leftMs });
    if (last || round.result.verdict === 'failed') return foldRounds(stage, rounds);
    const before = clock.now();
    await clock.sleep(Math.max(0, Math.min(everyMs, until - before)), signal);
    if (clock.now() - before > 2 * everyMs + SLEPT_MS) {
      return foldRounds(stage, [...rounds, notWatched(stage, clock, before)]);
    }
  }
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

function notWatched(stage: string, clock: Clock, since: number): StageResult {
  const gap = clock.now() - since;
  const reason = `Nobody watched for ${Math.round(gap / 1000)} s: the machine slept, or its clock was set.`;
  return foldStage(stage, [
    { check: 'watching', verdict: 'inconclusive', reason, duration_ms: gap, at: timestamp(clock) },
  ]);
}
