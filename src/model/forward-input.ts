import { BackoutError } from './error.ts';
import type { Level } from './level.ts';

/** What was typed beside the wish to undo a rollback, whichever way it came. */
export interface ForwardInput {
  level: Level | undefined;
  to: string | undefined;
  accept: string | undefined;
  /** Undefined when nobody gave one. */
  reason: string | undefined;
}

/**
 * Undoing a rollback brings back what is held: that is said with a reason, and it goes to what the
 * rollback left, nowhere else.
 * @throws BackoutError E_USAGE, E_REASON (usage)
 */
export function checkForward({ level, to, accept, reason }: ForwardInput): void {
  if (level !== undefined && level !== 'application') {
    throw refuse(
      `Only a rollback of the application can be undone; level ${level} cannot.`,
      'For flags see `backout flags lift`; to undo a rollback name the level application.',
    );
  }
  if (to !== undefined || accept !== undefined) {
    throw refuse(
      'A return goes to what the rollback left: it takes no release, and accepts no risk.',
      'Leave out to and accept; or leave out forward, to go back to a release that you name.',
    );
  }
  if (reason !== undefined) return;
  throw new BackoutError({
    code: 'E_REASON',
    kind: 'usage',
    message: 'A return brings back a release that is held, and nobody said why.',
    remedy: 'Say with a reason why it was not the cause: it stands in the journal.',
  });
}

function refuse(message: string, remedy: string): BackoutError {
  return new BackoutError({ code: 'E_USAGE', kind: 'usage', message, remedy });
}
