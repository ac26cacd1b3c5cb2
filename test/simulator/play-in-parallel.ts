import { type ChildProcess, fork } from 'node:child_process';
import { addReports, EMPTY_REPORT, reportSchema, type SeedBlock } from './seed-report.ts';
import type { SeedReport } from './seed-report.ts';

export interface ParallelOptions {
  /** The program of a worker: it answers every `SeedBlock` that it is sent with a `SeedReport`. */
  program: string;
  args: readonly string[];
  from: number;
  count: number;
  keepGoing: boolean;
  /** Processes at once. */
  jobs: number;
  /** Told after every block how many seeds were played in all. */
  onProgress: (seeds: number) => void;
  /** Aborts when somebody stops it: the workers are ended. */
  signal: AbortSignal;
}

/** Seeds per block at most: about half a second, which is also how long a late stop takes. */
const LARGEST_BLOCK = 25;

/**
 * Plays seeds in several processes. The report is that of one process that plays them in order,
 * whichever of them is faster: without `keepGoing` it ends with the lowest seed that violates
 * something, and what was played of higher ones does not count.
 * @throws Error when a worker ended or answered nonsense: nobody knows what its seeds would have done
 */
export async function playInParallel(options: ParallelOptions): Promise<SeedReport> {
  const { jobs, onProgress, signal } = options;
  const started = performance.now();
  const blocks = cut(options);
  const reports: SeedReport[] = [];
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  let next = 0;
  /** Index of the first block that need not be played. */
  let end = blocks.length;
  let played = 0;
  const workers = new Map<Worker, number>();

  async function work(): Promise<void> {
    using worker = startWorker(options);
    for (let at = next++; at < end; at = next++) {
      const block = blocks[at];
      if (block === undefined) return;
      workers.set(worker, at);
      const report = await worker.play(block, stopped);
      // It was ended, because what it played does not count any more.
      if (report === undefined) return;
      reports[at] = report;
      onProgress((played += report.seeds));
      if (report.violations.length === 0 || options.keepGoing) continue;
      end = Math.min(end, at + 1);
      for (const [other, index] of workers) if (index >= end) other.giveUp();
    }
    workers.delete(worker);
  }

  try {
    await Promise.all(Array.from({ length: Math.min(jobs, blocks.length) }, work));
  } finally {
    stop.abort(new Error('another process failed'));
  }
  // One block that is missing would be a pass of what nobody played.
  const counted = blocks.slice(0, end).map((block, at) => {
    const report = reports[at];
    if (report === undefined) throw new Error(`${nameOf(block)} were not played.`);
    return report;
  });
  const seconds = (performance.now() - started) / 1000;
  return { ...counted.reduce(addReports, EMPTY_REPORT), seconds };
}

function cut({ from, count, keepGoing, jobs }: ParallelOptions): SeedBlock[] {
  const size = Math.min(LARGEST_BLOCK, Math.max(1, Math.ceil(count / (jobs * 4))));
  return Array.from({ length: Math.ceil(count / size) }, (_, at) => ({
    from: from + at * size,
    count: Math.min(size, count - at * size),
    keepGoing,
  }));
}

interface Worker extends Disposable {
  /** @returns undefined when it was given up */
  play(block: SeedBlock, signal: AbortSignal): Promise<SeedReport | undefined>;
  giveUp(): void;
}

function startWorker({ program, args }: ParallelOptions): Worker {
  const child = fork(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let givenUp = false;
  const end = (): void => void child.kill('SIGKILL');
  return {
    async play(block, signal) {
      try {
        const report = reportSchema.parse(await askOnce(child, block, signal));
        const whole = report.violations.length > 0 && !block.keepGoing ? 1 : block.count;
        if (report.seeds >= whole) return report;
        throw new Error(`only ${report.seeds} of them were played`);
      } catch (cause) {
        if (givenUp) return undefined;
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`${nameOf(block)} are not known: ${why}.`, { cause });
      }
    },
    giveUp() {
      givenUp = true;
      end();
    },
    [Symbol.dispose]: end,
  };
}

/** The answer to one message; a process that ends instead has not answered. */
async function askOnce(child: ChildProcess, block: SeedBlock, signal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const onExit = (code: number | null, name: NodeJS.Signals | null): void =>
    reject(new Error(`their process ended with ${name ?? `exit code ${String(code)}`}`));
  const onAbort = (): void => reject(signal.reason);
  child.once('message', resolve).once('exit', onExit).once('error', reject);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    child.send(block, (error) => error !== null && reject(error));
    return await promise;
  } finally {
    child.off('message', resolve).off('exit', onExit).off('error', reject);
    signal.removeEventListener('abort', onAbort);
  }
}

function nameOf({ from, count }: SeedBlock): string {
  return `The seeds ${from} to ${from + count - 1}`;
}
