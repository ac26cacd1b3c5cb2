/**
 * A journal on AWS that a broken database does not stop: what cannot be stored there in time waits
 * in a queue, from which the function journal-drain carries it over.
 *
 *     journal-first   try the journal, at most 1.5 s; else the queue, at most 1 s
 *     spool-first     the queue at once; only without it the journal
 *     neither         the entry is one line of the log, and the caller is told so
 *
 * Nobody can look into a queue. This process therefore remembers what it queued itself, and reads
 * that behind what the journal has; entries that other processes queued are seen once they are
 * carried over.
 */

import { BackoutError, describeCause } from '../../model/error.ts';
import type { NewEntry } from '../../model/journal.ts';
import { normaliseEntry, requireSameStatement } from '../../model/journal-rules.ts';
import { type Clock, within } from '../../ports/clock.ts';
import type { Appended, Journal } from '../../ports/journal.ts';
import type { SpoolingJournal } from '../file/spool.ts';
import { isRefusal } from '../file/spool-drain.ts';
import { type ReadWaiting, readHistory, readIncidents } from '../file/spool-read.ts';
import { writeEntry } from './entry-text.ts';
import type { Queue } from './queue.ts';

export interface QueueingOptions {
  primary: Journal;
  queue: Queue;
  clock: Clock;
  mode: 'journal-first' | 'spool-first';
  /** Gets an entry that neither journal nor queue took, as the queue would have had it. */
  lastResort: (text: string) => void;
  /** Longest wait for the journal, per entry or question; default 1,500. */
  capMs?: number;
  /** Longest wait for the queue, per entry; default 1,000. */
  queueCapMs?: number;
  /** How long the journal is left alone after it failed; default 3,000. */
  restMs?: number;
}

/** Own entries remembered at most; a process that lives long forgets the oldest. */
const REMEMBERED = 1_000;

/**
 * `append` throws E_JOURNAL_UNREACHABLE only when journal *and* queue fail; the entry is in the
 * log then. `drain` and `close` carry nothing over: that is done by journal-drain.
 */
export function queueingJournal(options: QueueingOptions): SpoolingJournal {
  const {
    primary,
    queue,
    clock,
    mode,
    capMs = 1_500,
    queueCapMs = 1_000,
    restMs = 3_000,
  } = options;
  const queued = new Map<string, NewEntry>();
  let count = 0;
  let restsUntil = -Infinity;

  const capped = <T>(work: () => Promise<T>): Promise<T> => within(clock, capMs, work);
  const cappedJournal: Journal = {
    append: (entry) => capped(() => primary.append(entry)),
    read: (scope, incident) => capped(() => primary.read(scope, incident)),
    incidents: (scope) => capped(() => primary.incidents(scope)),
  };

  /** The journal itself, behind what this process queued of the same incident. */
  async function store(entry: NewEntry): Promise<Appended> {
    if (clock.now() < restsUntil) throw new Error('the journal failed a moment ago');
    try {
      return await capped(async () => {
        for (const [name, earlier] of queued) {
          if (!isSameIncident(earlier, entry) || earlier.key === entry.key) continue;
          await primary.append(earlier).catch((error: unknown) => {
            // It must not keep this one out; journal-drain finds the same, and says so.
            if (!isRefusal(error)) throw error;
          });
          queued.delete(name);
        }
        return primary.append(entry);
      });
    } catch (error) {
      if (!isRefusal(error)) restsUntil = clock.now() + restMs;
      throw error;
    }
  }

  async function putInQueue(entry: NewEntry, text: string): Promise<Appended> {
    await within(clock, queueCapMs, (signal) => queue.put(text, signal));
    queued.set(nameOf(entry), entry);
    for (const oldest of queued.keys()) {
      if (queued.size <= REMEMBERED) break;
      queued.delete(oldest);
    }
    return { stored: 'spool', key: entry.key };
  }

  const waits: ReadWaiting = (scope) => {
    const entries = [...queued.values()].filter(
      (e) => e.service === scope.service && e.environment === scope.environment,
    );
    return Promise.resolve({ entries, problems: [] });
  };

  const history = (...[scope, incident]: Parameters<Journal['read']>) =>
    readHistory(cappedJournal, waits, scope, incident);

  return {
    async append(given) {
      const entry = normaliseEntry(given);
      const earlier = queued.get(nameOf(entry));
      if (earlier !== undefined) {
        requireSameStatement(earlier, entry);
        const inQueue: Appended = { stored: 'spool', key: entry.key };
        if (mode === 'spool-first') return inQueue;
        try {
          const appended = await store(entry);
          queued.delete(nameOf(entry));
          return appended;
        } catch (error) {
          if (isRefusal(error)) throw error;
          return inQueue;
        }
      }
      const text = writeEntry({ entry, order: count++ });
      const places = [() => store(entry), () => putInQueue(entry, text)];
      if (mode === 'spool-first') places.reverse();
      const problems: unknown[] = [];
      for (const place of places) {
        try {
          return await place();
        } catch (error) {
          if (isRefusal(error)) throw error;
          problems.push(error);
        }
      }
      options.lastResort(text);
      throw onlyInTheLog(queue.name, problems);
    },
    async read(scope, incident) {
      const found = await history(scope, incident);
      if ('unreachable' in found && found.entries[0]?.kind !== 'incident-opened') {
        throw found.unreachable;
      }
      return found.entries;
    },
    incidents: (scope) => readIncidents(cappedJournal, waits, scope),
    async history(scope, incident) {
      const { unreachable: _unreachable, ...found } = await history(scope, incident);
      return found;
    },
    drain: () =>
      Promise.resolve({
        stored: 0,
        repeated: 0,
        waiting: queued.size,
        blocked: false,
        setAside: [],
        ...(queued.size === 0 ? {} : { problem: `journal-drain takes them from ${queue.name}` }),
      }),
    close: nothingToDo,
    [Symbol.asyncDispose]: nothingToDo,
  };
}

/** The queue keeps what is in it: nothing is left to do at the end of a process. */
function nothingToDo(): Promise<void> {
  return Promise.resolve();
}

function isSameIncident(one: NewEntry, other: NewEntry): boolean {
  return (
    one.service === other.service &&
    one.environment === other.environment &&
    one.incident === other.incident
  );
}

function nameOf(entry: NewEntry): string {
  return JSON.stringify([entry.service, entry.environment, entry.key]);
}

function onlyInTheLog(queue: string, problems: readonly unknown[]): BackoutError {
  return new BackoutError({
    code: 'E_JOURNAL_UNREACHABLE',
    message: `An entry of the record is only in the log: neither the journal nor the queue ${queue} took it (${problems.map(describeCause).join('; ')}).`,
    state: 'What was done stays done; the entry is in the log, in a line with `journal_entry`.',
    remedy:
      'Bring the database of the journal back, then send the text of `journal_entry` to the queue, unchanged: journal-drain stores it.',
    retryable: true,
    cause: new AggregateError(problems),
  });
}
