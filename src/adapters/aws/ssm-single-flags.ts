/**
 * Flags with a parameter each. The parameter store has no way to write only if nobody else has; the
 * version that it answers says afterwards whether somebody came between.
 */

import { BackoutError } from '../../model/error.ts';
import { PUTS_PER_SECOND, type ParameterThroughput } from '../../model/parameter-rates.ts';
import {
  formatSingle,
  parseSingle,
  type SingleFlag,
  type SingleFlagState,
} from '../../model/single-flags.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SingleFlags } from '../../ports/single-flags.ts';
import { reachFlags } from './ssm-flag-errors.ts';
import type { ParameterCalls, StoredParameter } from './ssm-parameters.ts';

export interface SingleFlagOptions {
  calls: ParameterCalls;
  clock: Clock;
  flags: readonly SingleFlag[];
  throughput: ParameterThroughput;
}

/** A flag that is not as it was to be, and why. */
interface Left {
  name: string;
  why: string;
}

export function ssmSingleFlags({
  calls,
  clock,
  flags,
  throughput,
}: SingleFlagOptions): SingleFlags {
  const byParameter = new Map(flags.map((flag) => [flag.parameter, flag]));
  const paceMs = 1_000 / PUTS_PER_SECOND[throughput];

  async function read(of: readonly { parameter: string }[]): Promise<Map<string, StoredParameter>> {
    return await reachFlags('nothing', () => calls.get(of.map(({ parameter }) => parameter)));
  }

  /** One after another, so that no more than allowed is asked for; a failure concerns one flag. */
  async function each(
    found: readonly SingleFlagState[],
    work: (state: SingleFlagState) => Promise<string | undefined>,
  ): Promise<Left[]> {
    const left: Left[] = [];
    for (const [index, state] of found.entries()) {
      if (index > 0) await clock.sleep(paceMs);
      const why = await work(state).catch((error: unknown) =>
        error instanceof Error ? error.message : String(error),
      );
      if (why !== undefined) left.push({ name: state.name, why });
    }
    return left;
  }

  function safeTextOf({ parameter, text }: SingleFlagState): string | undefined {
    const safe = byParameter.get(parameter)?.safe;
    return safe === undefined ? undefined : formatSingle(safe, text);
  }

  function isSafe(parameter: string, text: string | undefined): boolean {
    const flag = byParameter.get(parameter);
    if (flag?.safe === undefined || text === undefined) return false;
    return parseSingle(flag.type, text) === flag.safe;
  }

  async function restoreOne(
    state: SingleFlagState,
    now: StoredParameter | undefined,
  ): Promise<string | undefined> {
    const { parameter, text, version } = state;
    if (now === undefined) return 'its parameter is gone';
    if (now.value === text) return undefined;
    if (now.version !== version + 1 || now.value !== safeTextOf(state)) {
      return `somebody changed it since: version ${now.version}, where ours was ${version + 1}`;
    }
    const written = await calls.overwrite(parameter, text);
    if (written.version === now.version + 1) return undefined;
    // Somebody was quicker by a moment, and we have overwritten it.
    const theirs = await calls.getVersion(parameter, written.version - 1);
    if (theirs !== undefined) await calls.overwrite(parameter, theirs.value);
    return 'somebody changed it in the same moment; that was put back';
  }

  return {
    async look(groups) {
      const wanted = flags.filter(
        ({ group, safe }) => safe !== undefined && (groups?.includes(group) ?? true),
      );
      const stored = await read(wanted);
      return wanted.flatMap(({ group, name, parameter }) => {
        const now = stored.get(parameter);
        if (now !== undefined && !now.isSecret && isSafe(parameter, now.value)) return [];
        const problem =
          now === undefined
            ? `there is no parameter ${parameter}`
            : now.isSecret
              ? `${parameter} is a SecureString, and flags are no secrets`
              : undefined;
        const { value: text, version } =
          problem === undefined && now !== undefined ? now : { value: '', version: 0 };
        const state = { group, name, parameter, text, version };
        return [problem === undefined ? state : { ...state, problem }];
      });
    },
    async makeSafe(found) {
      const known = await read(found);
      const todo = found.filter(({ parameter }) => !isSafe(parameter, known.get(parameter)?.value));
      const failed = await each(todo, async (state) => {
        if (state.problem !== undefined) return state.problem;
        const text = safeTextOf(state);
        if (text === undefined) return 'backout.yml has no safe value for it any more';
        await calls.overwrite(state.parameter, text);
        return undefined;
      });
      // A write whose answer was lost may have been done: what is there now decides.
      const after = await read(found);
      const left = leftOf(
        found.filter(({ parameter }) => !isSafe(parameter, after.get(parameter)?.value)),
        failed,
      );
      if (left.length > 0) throw partlyError(left, found.length);
    },
    async restore(found) {
      // What could not be made safe was not touched.
      const touched = found.filter(({ problem }) => problem === undefined);
      const known = await read(touched);
      const todo = touched.filter((state) => !isBack(state, known));
      const failed = await each(todo, (state) => restoreOne(state, known.get(state.parameter)));
      const after = await read(touched);
      const left = leftOf(
        touched.filter((state) => !isBack(state, after)),
        failed,
      );
      if (left.length > 0) throw changedError(left, found.length);
    },
  };
}

function isBack(
  { parameter, text }: SingleFlagState,
  now: ReadonlyMap<string, StoredParameter>,
): boolean {
  return now.get(parameter)?.value === text;
}

/** The reasons for those that are not as they were to be. */
function leftOf(states: readonly SingleFlagState[], failed: readonly Left[]): Left[] {
  const reasons = new Map(failed.map(({ name, why }) => [name, why]));
  return states.map(({ name }) => ({
    name,
    why: reasons.get(name) ?? 'somebody changed it at once',
  }));
}

function list(left: readonly Left[]): string {
  return left.map(({ name, why }) => `${name} (${why})`).join('; ');
}

function partlyError(left: readonly Left[], all: number): BackoutError {
  return new BackoutError({
    code: 'E_FLAGS_PARTLY',
    kind: 'uncertain',
    message: `${left.length} of ${all} flags with a parameter each are not proven safe: ${list(left)}.`,
    state:
      'The override is not concerned: programs that follow it are safe. The other flags have their safe values.',
    remedy: 'Do the same again; what is safe already is left alone.',
    retryable: true,
  });
}

function changedError(left: readonly Left[], all: number): BackoutError {
  return new BackoutError({
    code: 'E_FLAGS_CHANGED',
    kind: 'uncertain',
    message: `${left.length} of ${all} flags were not put back: ${list(left)}.`,
    state: 'Those are as somebody set them; the others are as they were before the incident.',
    remedy:
      'Ask who changed them, and set them by hand: `aws ssm get-parameter-history --name NAME`.',
  });
}
