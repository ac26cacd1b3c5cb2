/** One request of the traffic, after it has ended. */
export interface TrafficRecord {
  /** When it was sent, epoch milliseconds. */
  at: number;
  /** Method and path pattern, such as `GET /orders/:id`. */
  endpoint: string;
  /** False for 5xx, no answer within 2 s, and broken connections. */
  ok: boolean;
  /** 0 when there was no answer. */
  status: number;
  ms: number;
  /** Flags and breakers that the answer was made with, as its header tells. */
  epoch?: string;
  /** Release that answered, as its header tells. */
  release?: string;
}

export interface TrafficWindow {
  requests: number;
  errors: number;
  /** 0 to 1; 0 without requests. */
  error_rate: number;
  p95_ms: number;
  payments: number;
  payment_failures: number;
}

/** Adds up the requests sent from `fromMs` up to, not including, `toMs`. */
export function summarize(
  records: readonly TrafficRecord[],
  fromMs: number,
  toMs: number,
): TrafficWindow {
  const inside = records.filter(({ at }) => at >= fromMs && at < toMs);
  const errors = inside.filter(({ ok }) => !ok).length;
  const payments = inside.filter(({ endpoint }) => endpoint === 'POST /payments/validate');
  const times = inside.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return {
    requests: inside.length,
    errors,
    error_rate: inside.length === 0 ? 0 : errors / inside.length,
    p95_ms: times[Math.ceil(times.length * 0.95) - 1] ?? 0,
    payments: payments.length,
    payment_failures: payments.filter(({ ok }) => !ok).length,
  };
}
