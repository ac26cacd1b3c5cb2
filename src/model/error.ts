/**
 * The one error type of Backout. Every refusal and failure tells a person three things:
 * what happened (`message`), what state we are in (`state`), and what to do (`remedy`).
 */

/**
 * How an error ends a command. The exit code follows from it (docs/cli.md):
 * failed 1, usage 2, uncertain 3, refused 4.
 */
export type ErrorKind =
  /** Something was tried and did not work. */
  | 'failed'
  /** The command line, an input or the configuration is wrong; nothing was tried. */
  | 'usage'
  /** The effect is partly there, or nobody can tell. Never read this as success or failure. */
  | 'uncertain'
  /** A safety rule said no; nothing was changed. */
  | 'refused';

export interface ErrorDetails {
  /** Stable, upper case, starts with `E_`: what scripts and the documentation refer to. */
  code: `E_${string}`;
  /** What happened, one sentence without jargon. */
  message: string;
  /** What to do now; contains the command to run where there is one. */
  remedy: string;
  /** What state we are in. Left out only where nothing at all was touched. */
  state?: string;
  kind?: ErrorKind;
  /** True when the very same call may succeed later without anybody changing anything. */
  retryable?: boolean;
  cause?: unknown;
}

/** @see ErrorDetails for the fields. `kind` defaults to `failed`, `retryable` to false. */
export class BackoutError extends Error {
  readonly code: `E_${string}`;
  readonly remedy: string;
  readonly state: string;
  readonly kind: ErrorKind;
  readonly retryable: boolean;

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'BackoutError';
    this.code = details.code;
    this.remedy = details.remedy;
    this.state = details.state ?? 'Nothing was changed.';
    this.kind = details.kind ?? 'failed';
    this.retryable = details.retryable ?? false;
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      kind: this.kind,
      message: this.message,
      state: this.state,
      remedy: this.remedy,
      retryable: this.retryable,
      ...(this.cause === undefined ? {} : { cause: describeCause(this.cause) }),
    };
  }
}

/** The text of anything that was thrown, without its stack: for messages and the journal. */
export function describeCause(cause: unknown): string {
  if (cause instanceof BackoutError) return `${cause.code}: ${cause.message}`;
  if (cause instanceof AggregateError && cause.errors.length > 0) {
    return cause.errors.map(describeCause).join('; ');
  }
  if (cause instanceof Error) return cause.message === '' ? cause.name : cause.message;
  return String(cause);
}
