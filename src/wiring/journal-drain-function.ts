/**
 * Carries entries from the queue into the journal. Nothing is lost on the way: a message of the
 * queue ends only when the journal has its entry; everything else is answered as failed, comes
 * again, and after the queue's last try waits in its dead-letter queue, for a person.
 */

import { type BatchAnswer, bringAgain, type QueueRecord } from '../adapters/aws/sqs-event.ts';
import { isRefusal } from '../adapters/file/spool-drain.ts';
import { connectPostgres } from '../adapters/postgres/connection.ts';
import { postgresJournal } from '../adapters/postgres/journal.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { type QueuedEntry, readEntry } from '../adapters/queue/entry-text.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { resolveReference } from '../config/secrets.ts';
import { describeCause } from '../model/error.ts';
import { describeScope, type Scope } from '../model/scope.ts';
import { type Clock, within } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';
import { notConfigured } from './absent-stores.ts';
import { functionConfig, keep, type Log, requireQueueEvent } from './queue-function.ts';

/** Longest wait for the journal, per entry: longer than an emergency's 1.5 s, for nobody waits. */
const APPEND_MS = 5_000;
/**
 * After this no further entry is begun, so that the answer comes before the function's own end
 * (30 s): without an answer, all come again.
 */
const BATCH_MS = 20_000;

export interface DrainPorts {
  scope: Scope;
  journal: Pick<Journal, 'append'>;
  clock: Clock;
  log: Log;
}

/** One message with the entry in it. */
interface Waiting extends QueuedEntry {
  record: QueueRecord;
}

/**
 * Stores what these messages say, in the order of the happenings. When the journal is away, the
 * rest is not tried: it would only wait longer, and overtake.
 */
export async function drainRecords(
  { scope, journal, clock, log }: DrainPorts,
  records: readonly QueueRecord[],
): Promise<BatchAnswer> {
  const failed: QueueRecord[] = [];
  const counts = { stored: 0, repeated: 0 };
  const fail = (record: QueueRecord, more: { key?: string; problem: string }): void => {
    failed.push(record);
    log(JSON.stringify({ journal_drain: 'failed', message: record.id, ...more }));
  };
  const end = clock.now() + BATCH_MS;
  let away: string | undefined;
  for (const { record, entry } of inOrder(records, (torn) => {
    fail(torn, { problem: 'its checksum does not match, or it is not a journal entry' });
  })) {
    const { key } = entry;
    if (entry.service !== scope.service || entry.environment !== scope.environment) {
      const whose = describeScope(entry);
      fail(record, { key, problem: `it is of ${whose}, and this is ${describeScope(scope)}` });
      continue;
    }
    if (clock.now() >= end) away ??= `the ${BATCH_MS / 1_000} s of one call are over`;
    if (away !== undefined) {
      fail(record, { key, problem: `not tried: ${away}` });
      continue;
    }
    try {
      const appended = await within(clock, APPEND_MS, () => journal.append(entry));
      if (appended.stored !== 'journal') throw new Error('the journal spooled it');
      counts[appended.repeated ? 'repeated' : 'stored'] += 1;
    } catch (error) {
      if (!isRefusal(error)) away = describeCause(error);
      fail(record, { key, problem: describeCause(error) });
    }
  }
  log(JSON.stringify({ journal_drain: 'done', ...counts, failed: failed.length }));
  return bringAgain(failed);
}

/** By time, then as the process counted; a queue brings messages in any order. */
function inOrder(
  records: readonly QueueRecord[],
  unreadable: (record: QueueRecord) => void,
): Waiting[] {
  const waiting: Waiting[] = [];
  for (const record of records) {
    const read = readEntry(record.body);
    if (read === undefined) unreadable(record);
    else waiting.push({ ...read, record });
  }
  return waiting.toSorted(
    (a, b) => Date.parse(a.entry.at) - Date.parse(b.entry.at) || a.order - b.order,
  );
}

/** The function journal-drain. */
export interface JournalDrain extends AsyncDisposable {
  /** @throws BackoutError when it cannot be begun at all: then all of the event comes again */
  answer(event: unknown): Promise<BatchAnswer>;
}

/** @param variables those of {@link functionConfig}, and the address of the journal */
export function journalDrainFunction(variables: EnvironmentVariables, log: Log): JournalDrain {
  const resources = new AsyncDisposableStack();
  const open = keep(async (): Promise<DrainPorts> => {
    const { config } = await functionConfig(variables, log);
    const { environment, service } = config;
    if (environment.journal === undefined) {
      const setting = `environments.${environment.name}.journal.url`;
      throw notConfigured('E_JOURNAL_UNREACHABLE', 'A journal database', setting);
    }
    const url = resolveReference(environment.journal.url, variables);
    const postgres = resources.use(connectPostgres(url, { applicationName: 'backout' }));
    const migrated = keep(() => migrate(postgres));
    const journal = postgresJournal(postgres);
    return {
      scope: { service, environment: environment.name },
      journal: {
        append: async (entry) => {
          await migrated();
          return await journal.append(entry);
        },
      },
      clock: systemClock,
      log,
    };
  });
  return {
    async answer(event) {
      const records = requireQueueEvent(event);
      return await drainRecords(await open(), records);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
