import { BackoutError, describeCause } from '../../model/error.ts';
import type { ReleaseRef } from '../../ports/target.ts';
import type { CommandEnd } from './run-command.ts';

/** sysexits.h EX_TEMPFAIL: "the user is invited to try again later". */
const TRY_LATER = 75;
/** sysexits.h EX_PROTOCOL; in our contract: a newer holder was here. */
const FENCED = 76;

/** Why a program gave no usable answer: the end of a sentence. */
export function notProven(program: string, end: CommandEnd, timeoutMs: number): string {
  switch (end.how) {
    case 'not-started':
      return `${program} could not be started (${end.problem})`;
    case 'stopped':
      return end.why === 'timeout'
        ? `${program} took longer than ${timeoutMs / 1000} s`
        : `${program} was stopped because its step was over`;
    case 'killed':
      return `${program} was ended by ${end.signal}`;
    case 'exited':
      return `${program} ended with code ${end.code}${end.tail === '' ? '' : `: ${end.tail}`}`;
    default:
      return end satisfies never;
  }
}

const RESUME = 'Go on with `backout incident resume`; it reads back first, and deploys again.';

interface FailedDeploy {
  target: string;
  release: ReleaseRef;
  end: CommandEnd;
  timeoutMs: number;
}

/**
 * What a deploy that did not end well means. A program that says no has said that it is over, but
 * not how far it got; only one that never started has certainly changed nothing.
 */
export function deployError({ target, release, end, timeoutMs }: FailedDeploy): BackoutError {
  const { tag } = release;
  const uncertain = (what: string, { tail, gone }: { tail: string; gone: boolean }): BackoutError =>
    new BackoutError({
      code: 'E_DEPLOY',
      kind: 'uncertain',
      message: `${what}.${tail === '' ? '' : ` Its last lines:\n${tail}`}`,
      state: gone
        ? `Nothing of it is running any more. Whether ${tag} is live on ${target} has to be read back.`
        : `Part of it could not be ended and may still change ${target}.`,
      remedy: gone ? RESUME : `End the deploy program on this machine by hand. Then: ${RESUME}`,
      // Started again beside what is left of the first, two programs would change one target.
      retryable: gone,
    });
  switch (end.how) {
    case 'not-started':
      return new BackoutError({
        code: 'E_DEPLOY',
        message: `The deploy program of ${target} could not be started: ${end.problem}.`,
        state: `${target} was not touched.`,
        remedy: 'Check `deploy` and `cwd` of this target in backout.yml, then resume.',
      });
    case 'killed':
      return uncertain(`The deploy of ${tag} to ${target} was ended by ${end.signal}`, end);
    case 'stopped': {
      const why =
        end.why === 'timeout'
          ? `took over ${timeoutMs / 1000} s and was stopped`
          : whyStopped(end.reason);
      return uncertain(`The deploy of ${tag} to ${target} ${why}`, end);
    }
    case 'exited':
      return exitError(target, tag, end.code, end.tail);
    default:
      return end satisfies never;
  }
}

/** Out of time, a person (Ctrl-C), a right that was lost: they need not be told apart by guessing. */
function whyStopped(reason: unknown): string {
  if (reason instanceof BackoutError && reason.code === 'E_TIMEOUT') {
    return 'ran out of time and was stopped';
  }
  // An abort without a reason of its own says only that it is one.
  if (!(reason instanceof Error) || reason.name === 'AbortError')
    return 'was stopped before its end';
  return `was stopped before its end: ${describeCause(reason).replace(/\.$/, '')}`;
}

function exitError(target: string, tag: string, code: number, tail: string): BackoutError {
  const said = tail === '' ? 'It printed nothing.' : `Its last lines:\n${tail}`;
  if (code === FENCED) {
    return new BackoutError({
      code: 'E_FENCED',
      kind: 'refused',
      message: `The deploy program of ${target} refused ${tag}: a newer rollback has taken over. ${said}`,
      state: `We changed nothing on ${target}.`,
      remedy: 'Look at what is going on with `backout incident list`. Do not force it.',
    });
  }
  return new BackoutError({
    code: 'E_DEPLOY',
    message: `The deploy of ${tag} to ${target} ended with code ${code}. ${said}`,
    state: `It is over. Whether ${tag} is live on ${target} has to be read back.`,
    remedy:
      code === TRY_LATER
        ? 'The program asks to be tried again later: `backout incident resume`.'
        : 'Repair what its last lines say, then run `backout incident resume`.',
    retryable: code === TRY_LATER,
  });
}
