import { Client, Pool } from 'pg';
import { BackoutError } from '../../model/error.ts';

export interface PostgresOptions {
  /** What a database administrator sees in pg_stat_activity: `backout cli`. */
  applicationName: string;
  /** Most connections at once. 4: a command does a few things in parallel, never many. */
  max?: number;
  /** 1500: with the database gone, the emergency pays this once and spools. */
  connectTimeoutMs?: number;
  /** 1500: ours touch a few rows; one that takes longer has a sick server under it. */
  statementTimeoutMs?: number;
  /** 1000: below the statement's cap, so that the error names the lock and not the time. */
  lockTimeoutMs?: number;
  /**
   * 5000: after this the server ends a transaction of ours that stands still. A process that was
   * stopped (SIGSTOP, a sleeping laptop) in the middle of an append would otherwise keep its
   * incident's journal locked until somebody finds it.
   */
  idleInTransactionTimeoutMs?: number;
}

/** Owner of the connections to the database with schema `backout`. */
export interface Postgres extends AsyncDisposable {
  readonly pool: Pool;
  /** `host:port/database`: for messages, without user and password. */
  readonly address: string;
  /** Ends all connections, after the statements under way. Their caps bound the wait. */
  close(): Promise<void>;
}

/**
 * Does not connect yet: the first statement does.
 *
 * @param url `postgres://user:password@host:port/database?sslmode=…`
 * @throws BackoutError E_POSTGRES_URL (usage)
 */
export function connectPostgres(url: string, options: PostgresOptions): Postgres {
  const statementTimeoutMs = options.statementTimeoutMs ?? 1500;
  const address = addressOf(url);
  const pool = new Pool({
    connectionString: url,
    application_name: options.applicationName,
    max: options.max ?? 4,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 1500,
    statement_timeout: statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs ?? 1000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 5000,
    // The server's cap is of no use when the network swallows its answer: this one is ours. It is
    // longer, because the server's error says more.
    query_timeout: statementTimeoutMs + 500,
    keepAlive: true,
    // A command that forgot to close must still end; a rollback is not kept alive by idle sockets.
    allowExitOnIdle: true,
  });
  // An idle connection that breaks is dropped by the pool. Without a listener Node would end the
  // process for it; whoever asks next gets a new connection, or an error of its own.
  pool.on('error', () => {});
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= pool.end());
  return { pool, address, close, [Symbol.asyncDispose]: close };
}

function addressOf(url: string): string {
  // The driver also takes what is no URL, and then makes the name of a database, which we show, out
  // of the part that was the password.
  if (!/^postgres(ql)?:\/\//i.test(url)) throw notAnAddress();
  try {
    const { host, port, database } = new Client({ connectionString: url });
    return `${host}:${port}/${database ?? ''}`;
  } catch {
    throw notAnAddress();
  }
}

/** Without the URL, and without a cause: both would show the password. */
function notAnAddress(): BackoutError {
  return new BackoutError({
    code: 'E_POSTGRES_URL',
    kind: 'usage',
    message: "The address of the journal's database is not a PostgreSQL URL.",
    remedy: 'Write it as postgres://user:password@host:5432/database and run the command again.',
  });
}
