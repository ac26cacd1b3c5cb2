import type { Output } from './output.ts';

/** How a command meets the signals that would end it in the middle of something. */
export interface Signals extends Disposable {
  /** Aborts when a person or the system asks the command to stop. */
  readonly interrupted: AbortSignal;
}

/** 128 + SIGINT: what shells expect of a program that Ctrl-C ended. */
const STOPPED = 130;

/**
 * Ctrl-C and SIGTERM end the step that runs, and the next one does not begin; what was done and
 * what is not known is still written down and said. A second one ends the process at once.
 *
 * A connection that drops sends a hang-up, and that is not a wish to stop: what was started is
 * finished. Nothing is lost by it, since every wait ends; a rollback left half-way would be.
 */
export function handleSignals(out: Output): Signals {
  const abort = new AbortController();
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(STOPPED);
    abort.abort(new Error('stopped by hand'));
    out.line('Stopping: the running step is ended. Again to leave at once.');
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stay);
  return {
    interrupted: abort.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      process.off('SIGHUP', stay);
    },
  };
}

function stay(): void {}
