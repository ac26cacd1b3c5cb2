/**
 * What happened in a stretch of time. Shares are between 0 and 1, times in milliseconds; `null` is
 * how a stretch without requests says that there is nothing to measure, which is not zero.
 */
interface Totals {
  requests: number;
  /** Answers of 500 and above. */
  errors: number;
  error_rate: number | null;
  p95_ms: number | null;
  payments_ok: number;
  payments_failed: number;
  payment_success: number | null;
}

interface Sample {
  at: number;
  ms: number;
  error: boolean;
  payment: 'ok' | 'failed' | undefined;
}

export interface Metrics {
  record(sample: Sample): void;
  /** Since the process started. */
  total(): Totals;
  /** The last 60 seconds before `now`, epoch milliseconds. */
  lastMinute(now: number): Totals;
}

const MINUTE_MS = 60_000;

/** Keeps a minute of samples, and for the time before it only counts. */
export function createMetrics(): Metrics {
  const all = createTally();
  const recent: Sample[] = [];
  const forgetBefore = (instant: number): void => {
    const kept = recent.findIndex((sample) => sample.at >= instant);
    recent.splice(0, kept === -1 ? recent.length : kept);
  };
  return {
    record(sample) {
      all.add(sample);
      forgetBefore(sample.at - MINUTE_MS);
      recent.push(sample);
    },
    total: () => all.totals(),
    lastMinute(now) {
      forgetBefore(now - MINUTE_MS);
      const tally = createTally();
      for (const sample of recent) tally.add(sample);
      return tally.totals();
    },
  };
}

/** Slower than this counts as this: a customer has left by then. */
const SLOWEST_MS = 5000;

function createTally(): { add(sample: Sample): void; totals(): Totals } {
  const countByMs = new Uint32Array(SLOWEST_MS + 1);
  let requests = 0;
  let errors = 0;
  const payments = { ok: 0, failed: 0 };
  return {
    add(sample) {
      const index = Math.min(Math.round(sample.ms), SLOWEST_MS);
      countByMs[index] = (countByMs[index] ?? 0) + 1;
      requests += 1;
      if (sample.error) errors += 1;
      if (sample.payment !== undefined) payments[sample.payment] += 1;
    },
    totals: () => ({
      requests,
      errors,
      error_rate: share(errors, requests),
      p95_ms: requests === 0 ? null : percentile95(countByMs, requests),
      payments_ok: payments.ok,
      payments_failed: payments.failed,
      payment_success: share(payments.ok, payments.ok + payments.failed),
    }),
  };
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

function percentile95(countByMs: Uint32Array, requests: number): number {
  let left = Math.ceil(requests * 0.95);
  const index = countByMs.findIndex((count) => (left -= count) <= 0);
  return Math.max(index, 0);
}
