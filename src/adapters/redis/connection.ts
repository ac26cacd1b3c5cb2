/** A connection to Redis on which nothing waits longer than it was told to. */

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { BackoutError } from '../../model/error.ts';

export interface RedisConnection extends AsyncDisposable {
  client: Redis;
  /** Ends it at once; what is under way fails. May be called again. */
  close(): void;
}

export interface RedisConnectionOptions {
  /** Cap for one attempt to connect. Default 1 s, as for every call. */
  connectMs?: number;
  /** The latest news about the connection itself; it also fails the calls that it touches. */
  onError?: (error: Error) => void;
}

/**
 * Starts to connect and returns at once, also when Redis is down: an emergency does everything else
 * meanwhile. It goes on trying, with growing pauses of random length up to 2 s.
 *
 * Commands are never queued while there is no connection. A queue would deliver a decision minutes
 * after it was taken, on top of newer ones.
 *
 * @param url `redis://user:password@host:6379/0`, or `rediss://` for TLS
 * @throws BackoutError E_REDIS_URL (usage), which does not repeat the URL
 */
export function connectRedis(url: string, options: RedisConnectionOptions = {}): RedisConnection {
  requireRedisUrl(url);
  const client = new Redis(url, {
    connectTimeout: options.connectMs ?? 1_000,
    // A peer that vanished without closing (a moved network, a stopped machine) is given up when it
    // owes an answer for this long, also in the middle of the handshake.
    socketTimeout: 5_000,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // 0: what is under way when the connection breaks fails at once, and is not left waiting.
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => 20 + Math.random() * Math.min(2_000, 50 * 2 ** Math.min(times, 6)),
    // After a failover our server is a replica that refuses writes: the name leads to another now.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  client.on('error', (error: Error) => options.onError?.(withoutCommand(error)));
  const close = (): void => client.disconnect();
  return {
    client,
    close,
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

/**
 * Only what is certainly a URL of Redis. Of a mistyped one the driver makes a path of a socket, or
 * the name of a host, out of the very part that was the password, and then every "cannot connect to"
 * shows it.
 */
function requireRedisUrl(url: string): void {
  if (/^rediss?:\/\//i.test(url) && URL.canParse(url)) {
    const { hostname, pathname, hash, username, password } = new URL(url);
    const isWhole = hostname !== '' && /^\/?\d*$/.test(pathname) && hash === '';
    if (isWhole && isDecodable(username) && isDecodable(password)) return;
  }
  throw new BackoutError({
    code: 'E_REDIS_URL',
    kind: 'usage',
    // No value and no cause: both would show the password.
    message: 'The address of Redis is not one.',
    remedy:
      'Write it as redis://user:password@host:6379 (rediss:// for TLS), with %40 for an @ and %2F for a / in the password.',
  });
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** The driver hangs the command on the error, with its arguments: those of AUTH are the password. */
function withoutCommand(error: Error): Error {
  if ('command' in error) delete error.command;
  return error;
}

/** Answers with which Redis asks to come again: script running, loading, failover, slots moving. */
const PASSING =
  /^(BUSY|LOADING|READONLY|MOVED|ASK|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|UNBLOCKED|NOREPLICAS)\b/;

/** How a call failed, and whether Redis may have done it all the same. */
export class RedisCallError extends Error {
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    super('Redis did not answer in time or refused.', { cause });
    this.name = 'RedisCallError';
    this.sent = sent;
  }
}

/**
 * Runs a call that may be repeated, until it works or `capMs` have passed in all. Waits for the
 * connection, and repeats what failed for a passing reason after 5 to 50 ms.
 * @throws RedisCallError
 */
export async function callRedis<T>(
  { client }: RedisConnection,
  capMs: number,
  call: (client: Redis) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(capMs);
  let sent = false;
  let last: unknown = new Error(`No connection within ${capMs} ms.`);
  while (!deadline.aborted) {
    try {
      if (client.status === 'end') throw new Error('The connection was closed.');
      if (client.status !== 'ready') await once(client, 'ready', { signal: deadline });
      sent = true;
      return await endsBefore(deadline, call(client));
    } catch (error) {
      if (deadline.aborted) {
        // The socket may be dead without anybody having told us. The next call gets a new one.
        if (sent) client.disconnect(true);
        break;
      }
      last = error instanceof Error ? withoutCommand(error) : error;
      const refused = error instanceof Error && error.name === 'ReplyError';
      if (refused && !PASSING.test(error.message)) break;
      if (client.status === 'end') break;
      await sleep(5 + Math.random() * 45);
    }
  }
  throw new RedisCallError(sent, last);
}

async function endsBefore<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(deadline.reason);
  deadline.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, late]);
  } finally {
    deadline.removeEventListener('abort', onAbort);
  }
}
