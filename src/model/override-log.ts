/**
 * The documents of one incident form a log: `<incident>.json`, `<incident>.2.json`, … The highest
 * number is what holds. A writer reads the log, decides, and creates the next number, which fails
 * when somebody else has created it in the meantime; then it reads and decides again.
 *
 *     A reads 1 ─────────────── creates 2 ✓
 *          B reads 1 ───────────────── creates 2 ✗ ─ reads 2 ─ creates 3 ✓ (with what A asked for)
 *
 * A lock file lost against this: a killed holder leaves its lock behind, and a holder that is
 * stopped and continued later overwrites what was written meanwhile. Here nobody ever waits for
 * anybody, and no document is ever overwritten, so what an emergency wrote cannot get lost. It also
 * leaves a record of who did what.
 */

/** The document that holds, and its number. */
export interface LogEntry {
  file: string;
  number: number;
}

const documentName = /^([A-Za-z0-9][A-Za-z0-9_-]*)(?:\.([2-9]|[1-9]\d{1,8}))?\.json$/;

/** Name of the document with this number; 1 is the first. */
export function logFileName(incident: string, number: number): string {
  return number === 1 ? `${incident}.json` : `${incident}.${number}.json`;
}

/**
 * Picks each incident's newest document out of the names in the folder. A name that ends in `.json`
 * but is not of our form counts as an incident of its own: somebody put it there to say something.
 */
export function newestDocuments(files: Iterable<string>): Map<string, LogEntry> {
  const newest = new Map<string, LogEntry>();
  for (const file of files) {
    if (!file.endsWith('.json') || file.startsWith('.')) continue;
    const match = documentName.exec(file);
    const incident = match?.[1] ?? file.slice(0, -'.json'.length);
    const number = match?.[2] === undefined ? 1 : Number(match[2]);
    const known = newest.get(incident);
    if (known === undefined || number > known.number) newest.set(incident, { file, number });
  }
  return newest;
}

/** Whether the name of the document is of our form. If not, what it says cannot be relied on. */
export function isLogFileName(file: string): boolean {
  return documentName.test(file);
}
