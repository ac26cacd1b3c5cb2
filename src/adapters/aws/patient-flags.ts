import { BackoutError } from '../../model/error.ts';
import { type Clock, within } from '../../ports/clock.ts';
import type { FlagStore } from '../../ports/flags.ts';

export interface PatientOptions {
  clock: Clock;
  /** From silence nothing is expected after this, all calls of one `engage` together, in ms. */
  silenceMs: number;
  /** When AWS last said that there are too many calls, in ms since 1970; undefined: never. */
  lastHeard: () => number | undefined;
}

/**
 * For an emergency that has seconds: `engage` ends when nothing was heard for so long, and goes on
 * for as long as AWS asks to come back later, because then it does get through.
 */
export function patientEngage(
  store: Pick<FlagStore, 'engage'>,
  { clock, silenceMs, lastHeard }: PatientOptions,
): FlagStore['engage'] {
  return async (override) => {
    const engaging = store.engage(override);
    for (let since = clock.now(); ; since = lastHeard() ?? since) {
      const left = since + silenceMs - clock.now();
      if (left <= 0) throw silent(silenceMs);
      const ended = await within(
        clock,
        left,
        () => engaging.then((value) => ({ value })),
        () => new SilenceError(),
      ).catch((error: unknown) => {
        if (error instanceof SilenceError) return undefined;
        throw error;
      });
      if (ended !== undefined) return ended.value;
    }
  };
}

class SilenceError extends Error {}

function silent(afterMs: number): BackoutError {
  return new BackoutError({
    code: 'E_FLAGS_UNREACHABLE',
    kind: 'uncertain',
    message: `The parameter store gave no answer within ${afterMs / 1000} s.`,
    state: 'The change may be stored or not; doing it again is safe.',
    remedy: 'Do the same again: `backout emergency`. The circuit breakers are moved beside it.',
    // Whoever has seconds does not begin again: the call itself is repeated.
    retryable: false,
  });
}
