/**
 * A journal that a broken database does not stop: what cannot be stored there in time waits,
 * durably, in a folder, and is carried over later.
 *
 *     journal-first   try the journal, at most 1.5 s; else the folder. For people's commands.
 *     spool-first     the folder at once, the journal in the background. For emergencies: a few
 *                     milliseconds of disk, whatever the database does.
 *
 * Entries of one machine keep their order: as long as something waits, new entries go behind it.
 * After the journal failed once, it is left alone for some seconds, so that an emergency of ten
 * entries pays the 1.5 s once and not ten times.
 */

import { BackoutError, describeCause } from '../../model/error.ts';
import type { NewEntry } from '../../model/journal.ts';
import type { Scope } from '../../model/scope.ts';
import { type Clock, within } from '../../ports/clock.ts';
import type { Appended, Journal } from '../../ports/journal.ts';
import { normaliseEntry, requireSameStatement } from '../../model/journal-rules.ts';
import { isSpoolEmpty, writeSpooled } from './spool-directory.ts';
import { type DrainReport, drainSpool, isRefusal } from './spool-drain.ts';
import { type IncidentHistory, readHistory, readIncidents, waitingIn } from './spool-read.ts';

export interface SpoolingOptions {
  primary: Journal;
  /** One folder per machine; made when first needed, readable by its owner only. */
  spoolDirectory: string;
  clock: Clock;
  mode: 'journal-first' | 'spool-first';
  /** Longest wait for the journal, per entry or question; default 1500. */
  capMs?: number;
  /** How long the journal is left alone after it failed; default 3000. */
  restMs?: number;
}

export interface SpoolingJournal extends Journal, AsyncDisposable {
  /** Carries over what waits, now. @throws {Error} only when the folder itself cannot be used */
  drain(): Promise<DrainReport>;
  /** As `read`, but never fails for an unreachable journal: it says how much is known instead. */
  history(scope: Scope, incident: string): Promise<IncidentHistory>;
  /** One last attempt to carry over, bounded by the cap. What still waits then, stays. */
  close(): Promise<void>;
}

/**
 * `append` throws E_JOURNAL_UNREACHABLE only when journal *and* folder fail.
 *
 * `read` of an unreachable journal answers with the spooled entries when they begin with the
 * opening of the incident, so that an incident that began in the outage can go on. It throws when
 * they do not: a history without its beginning would let a resumed execution repeat itself.
 */
export function spoolingJournal(options: SpoolingOptions): SpoolingJournal {
  const { primary, spoolDirectory, clock, mode, capMs = 1500, restMs = 3000 } = options;
  /** What this process spooled and did not see arrive, by scope and key. */
  const spooled = new Map<string, NewEntry>();
  const waits = waitingIn(spoolDirectory);
  let restsUntil = -Infinity;

  const capped = <T>(work: Promise<T>): Promise<T> =>
    within(
      clock,
      capMs,
      () => work,
      () => tookTooLong(capMs),
    );
  const cappedJournal: Journal = {
    append: (entry) => capped(primary.append(entry)),
    read: (scope, incident) => capped(primary.read(scope, incident)),
    incidents: (scope) => capped(primary.incidents(scope)),
  };
  const drain = oneAtATime(async () => {
    const report = await drainSpool(
      spoolDirectory,
      (entry) => cappedJournal.append(entry),
      (entry) => spooled.delete(nameOf(entry)),
    );
    restsUntil = report.blocked ? clock.now() + restMs : -Infinity;
    return report;
  });

  async function spool(entry: NewEntry): Promise<Appended> {
    await writeSpooled(spoolDirectory, entry, clock.now());
    spooled.set(nameOf(entry), entry);
    return { stored: 'spool', key: entry.key };
  }

  /** The journal itself, behind everything that waits. */
  async function store(entry: NewEntry): Promise<Appended> {
    const empty = await isSpoolEmpty(spoolDirectory).catch(() => true);
    // A folder that cannot be used is no reason not to use the journal.
    const report = empty ? undefined : await drain().catch(() => undefined);
    if (report?.blocked === true) throw new Error(report.problem);
    return primary.append(entry);
  }

  async function appendJournalFirst(entry: NewEntry): Promise<Appended> {
    if (clock.now() < restsUntil) {
      return spool(entry).catch((error: unknown) => {
        throw storedNowhere(spoolDirectory, ['the journal failed a moment ago', error]);
      });
    }
    try {
      return await capped(store(entry));
    } catch (problem) {
      if (isRefusal(problem)) throw problem;
      restsUntil = clock.now() + restMs;
      return spool(entry).catch((error: unknown) => {
        throw storedNowhere(spoolDirectory, [problem, error]);
      });
    }
  }

  async function appendSpoolFirst(entry: NewEntry): Promise<Appended> {
    try {
      const appended = await spool(entry);
      // Its outcome is in the folder; its errors are those of the next drain.
      if (clock.now() >= restsUntil) drain().catch(() => undefined);
      return appended;
    } catch (problem) {
      if (clock.now() < restsUntil) {
        throw storedNowhere(spoolDirectory, ['the journal failed a moment ago', problem]);
      }
      return cappedJournal.append(entry).catch((error: unknown) => {
        if (isRefusal(error)) throw error;
        restsUntil = clock.now() + restMs;
        throw storedNowhere(spoolDirectory, [error, problem]);
      });
    }
  }

  const close = async (): Promise<void> => {
    if (clock.now() < restsUntil) return;
    if (await isSpoolEmpty(spoolDirectory).catch(() => true)) return;
    await capped(drain()).catch(() => undefined);
  };

  return {
    append: async (given) => {
      const entry = normaliseEntry(given);
      const waiting = spooled.get(nameOf(entry));
      if (waiting !== undefined) {
        requireSameStatement(waiting, entry);
        return { stored: 'spool', key: entry.key };
      }
      return mode === 'spool-first' ? appendSpoolFirst(entry) : appendJournalFirst(entry);
    },
    read: async (scope, incident) => {
      const history = await readHistory(cappedJournal, waits, scope, incident);
      if ('unreachable' in history && history.entries[0]?.kind !== 'incident-opened') {
        throw history.unreachable;
      }
      return history.entries;
    },
    incidents: (scope) => readIncidents(cappedJournal, waits, scope),
    history: async (scope, incident) => {
      const { unreachable: _unreachable, ...history } = await readHistory(
        cappedJournal,
        waits,
        scope,
        incident,
      );
      return history;
    },
    drain,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Calls while one runs share the next run: it begins after them, so it sees what they are about.
 */
function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const start = (): Promise<T> => {
    const run = work().finally(() => {
      if (running === run) running = undefined;
    });
    running = run;
    return run;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}

function nameOf(entry: NewEntry): string {
  return JSON.stringify([entry.service, entry.environment, entry.key]);
}

function tookTooLong(capMs: number): BackoutError {
  return new BackoutError({
    code: 'E_JOURNAL_UNREACHABLE',
    kind: 'uncertain',
    message: `The journal gave no answer within ${capMs / 1000} s.`,
    state: 'Nobody can tell whether the entry was stored; storing it again is safe.',
    remedy: 'See that its database runs and can be reached, and run the same command again.',
    retryable: true,
  });
}

function storedNowhere(
  directory: string,
  causes: [journal: unknown, folder: unknown],
): BackoutError {
  const [journal, folder] = causes;
  return new BackoutError({
    code: 'E_JOURNAL_UNREACHABLE',
    message: `An entry of the record could be stored nowhere: not in the journal (${describeCause(journal)}), and not in the folder ${directory} (${describeCause(folder)}).`,
    state: 'What the command did stays done; this line of the record is missing.',
    remedy: `Make the folder ${directory} writable, with free disk space, or bring the journal's database back; then run the same command again.`,
    retryable: true,
    cause: new AggregateError([journal, folder]),
  });
}
