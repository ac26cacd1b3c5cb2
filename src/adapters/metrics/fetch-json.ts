import { requestOnce } from '../http/request.ts';
import { metricsError } from './units.ts';

/** A summary or one answer of a query; a longer one is something else. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface MetricsAddress {
  url: string;
  /** Bearer token; never shown. */
  token?: string | undefined;
  /** For the whole answer, in milliseconds. */
  timeoutMs: number;
}

/** One GET. @throws BackoutError E_METRICS when no JSON with status 200 comes back whole */
export async function fetchJson(
  { token, timeoutMs }: MetricsAddress,
  url: URL,
  signal: AbortSignal,
): Promise<unknown> {
  // Without user, password and query: they may be secrets, or very long.
  const where = `${url.origin}${url.pathname}`;
  const answer = await requestOnce({
    url,
    method: 'GET',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    timeoutMs,
    maxBytes: MAX_BODY_BYTES,
    signal,
  });
  if (!answer.answered) throw metricsError(`${where}: ${answer.problem}`);
  if (answer.status !== 200) throw metricsError(`${where} answers with status ${answer.status}`);
  if (answer.end !== 'complete' || answer.body === undefined) {
    throw metricsError(`${where}: the answer could not be read to its end`);
  }
  try {
    return JSON.parse(answer.body);
  } catch {
    throw metricsError(`${where} does not answer with JSON`);
  }
}
