import { Socket } from 'node:net';
import { Client, type QueryArrayConfig } from 'pg';

/** Time for the server to take our leave; the socket is closed then in any case. */
const FAREWELL_MS = 500;

export interface ReadingQuery {
  url: string;
  query: string;
  /** For connecting, and again for each statement, in milliseconds. */
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * One query in a read-only transaction, on a connection of its own: a kept one may belong to a
 * server that was just replaced.
 * @returns the rows, each as the list of its columns
 * @throws the driver's error, or the signal's reason
 */
export async function readOnce(wanted: ReadingQuery): Promise<unknown[][]> {
  const { url, query, timeoutMs, signal } = wanted;
  const socket = new Socket();
  const client = new Client({
    connectionString: url,
    stream: () => socket,
    application_name: 'backout check',
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs,
  });
  // A break between two statements would end the process; the next statement reports it anyway.
  client.on('error', () => undefined);
  const end = (): void => {
    client.end().catch(() => undefined);
    // A server that answers nothing would keep the connection, and us, for ever.
    setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', end, { once: true });
  try {
    await client.connect();
    await client.query('begin transaction read only');
    // The extended protocol takes one statement: nothing can commit and go on writing.
    const extended: QueryArrayConfig & { queryMode: 'extended' } = {
      text: query,
      rowMode: 'array',
      queryMode: 'extended',
    };
    const found = await client.query<unknown[]>(extended);
    await client.query('rollback');
    return found.rows;
  } finally {
    signal.removeEventListener('abort', end);
    // Not waited for: a server that does not answer would not answer to this either.
    end();
  }
}
