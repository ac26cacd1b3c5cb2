/** What an error of the database means for us, and the words for it. */

import * as z from 'zod';
import { BackoutError, describeCause } from '../../model/error.ts';
import { CommitUnknown, ConnectFailed } from './transaction.ts';

/** One of the stores that live in this database. */
export interface Store {
  code: 'E_JOURNAL_UNREACHABLE' | 'E_LEASES_UNREACHABLE' | 'E_RELEASES_UNREACHABLE';
  /** As the subject of a sentence: `The journal`. */
  name: string;
  /** What we know when the answer to a change got lost. */
  uncertain: string;
}

/**
 * Runs a question or a change; a second time, on a new connection, when the first lost its
 * connection (a server that was restarted leaves the pool with dead ones) or met somebody faster.
 * Every change here can be applied twice, and it looks at what is there before it changes
 * anything: so the second attempt is also how an unknown outcome becomes known.
 */
export async function attemptTwice<T>(change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (first) {
    if (!(first instanceof CommitUnknown) && !isLost(first) && !isOvertaken(first)) throw first;
    try {
      return await change();
    } catch (second) {
      if (second instanceof BackoutError || !(first instanceof CommitUnknown)) throw second;
      throw new CommitUnknown(first.message, { cause: second });
    }
  }
}

/** Lets refusals of ours through and says everything else in the words of the store. */
export async function inWordsOf<T>(
  store: Store,
  address: string,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw error instanceof BackoutError ? error : unreachable(store, address, error);
  }
}

function unreachable(store: Store, address: string, error: unknown): BackoutError {
  const uncertain = error instanceof CommitUnknown;
  const cause = error instanceof ConnectFailed || uncertain ? (error.cause ?? error) : error;
  const { remedy, retryable } = diagnose(address, cause);
  return new BackoutError({
    code: store.code,
    kind: uncertain ? 'uncertain' : 'failed',
    message: `${store.name} (PostgreSQL at ${address}) cannot be used: ${
      cause instanceof z.ZodError ? 'its tables are not as expected' : describeCause(cause)
    }.`,
    state: uncertain ? store.uncertain : 'Nothing was changed.',
    remedy,
    retryable,
    cause,
  });
}

function diagnose(address: string, cause: unknown): { remedy: string; retryable: boolean } {
  const code = codeOf(cause);
  // 28: who we are was refused. 3D: no such database.
  if (/^28|^3D/.test(code)) {
    return {
      remedy: `Correct user, password or database name in the journal's URL, and run the command again.`,
      retryable: false,
    };
  }
  // 42: no such table, or no right to it. 3F: no such schema.
  if (/^42|^3F/.test(code) || cause instanceof z.ZodError) {
    return {
      remedy:
        'Run `backout check`: it creates the tables, or says which right its database role lacks.',
      retryable: false,
    };
  }
  // 53100: disk full. 54: a limit of the server. 22, 23: a value the tables do not take.
  if (/^53100|^54|^22|^23/.test(code)) {
    return {
      remedy: `Look at the log of the PostgreSQL server at ${address}; the cause named above stays until somebody removes it.`,
      retryable: false,
    };
  }
  return {
    remedy: `See that PostgreSQL runs at ${address} and that this machine can reach it; then run the same command again.`,
    retryable: true,
  };
}

/**
 * The connection broke under a statement. 08: connection exceptions; 57P01–57P05: the server shut
 * down, crashed, or ended the session; 25P03: our transaction stood still too long; 25006: the
 * server became a read-only standby (failover), a new connection finds the new primary.
 * (PostgreSQL documentation, appendix A.)
 */
function isLost(error: unknown): boolean {
  if (error instanceof ConnectFailed) return false;
  if (/^(08...|57P0[1-5]|25P03|25006|ECONNRESET|EPIPE)$/.test(codeOf(error))) return true;
  // Raised by pg itself, without a code.
  return /Connection terminated|not queryable|connection error/.test(describeCause(error));
}

/** Somebody else was faster: unique violation, serialization failure, deadlock. */
function isOvertaken(error: unknown): boolean {
  return /^(23505|40001|40P01)$/.test(codeOf(error));
}

/** The SQLSTATE or the system's error code; empty when there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
