import { Agent, request as startRequest } from 'node:http';
import { performance } from 'node:perf_hooks';
import { fieldOf } from './platform/json.ts';
import { type TrafficRecord, type TrafficWindow, summarize } from './traffic-window.ts';

export interface TrafficOptions {
  /** Address of the service, without path. */
  url: string;
  perSecond?: number;
}

export interface Traffic extends AsyncDisposable {
  /** Every request so far that has ended, in the order in which they ended. */
  records(): readonly TrafficRecord[];
  /** Requests sent from `fromMs` up to, not including, `toMs`; epoch milliseconds. */
  window(fromMs: number, toMs: number): TrafficWindow;
  since(fromMs: number): TrafficWindow;
  /**
   * The first request that ends from now on and fits.
   * @throws {Error} after `timeoutMs`, 10 s when left out, or when the traffic is stopped
   */
  firstResponseWith(
    predicate: (record: TrafficRecord) => boolean,
    timeoutMs?: number,
  ): Promise<TrafficRecord>;
  /** Sends nothing more and waits for what is under way, at most the 2 s that a request may take. */
  stop(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 2000;
const TICK_MS = 10;
const CUSTOMERS = 50;

/** What customers do, in turn: of ten requests one is a sign-up, of twenty one is a payment. */
const MIX = `
  GET /readings, POST /orders, GET /profile, GET /orders/:id, GET /readings,
  POST /signup, POST /orders, GET /orders/:id, GET /profile, GET /readings,
  POST /payments/validate, POST /orders, GET /readings, GET /orders/:id, GET /profile,
  POST /signup, POST /orders, GET /orders/:id, GET /readings, GET /profile
`
  .split(',')
  .map((endpoint) => endpoint.trim());

/**
 * Sends steady mixed traffic. The schedule does not wait for answers, as customers do not: a
 * service that gets slow gets more and more requests at once, up to a bound.
 */
export function startTraffic({ url, perSecond = 100 }: TrafficOptions): Traffic {
  const agent = new Agent({ keepAlive: true });
  const records: TrafficRecord[] = [];
  const listeners = new Set<(record: TrafficRecord) => void>();
  const underWay = new Set<Promise<void>>();
  const stopped = new AbortController();
  // Twice what can be waiting when every request takes its full time.
  const mostAtOnce = Math.ceil((perSecond * REQUEST_TIMEOUT_MS) / 1000) * 2;
  const startedAt = performance.now();
  let sent = 0;
  let lastOrder = '1';

  function keep(record: TrafficRecord): void {
    records.push(record);
    for (const listener of listeners) listener(record);
  }

  async function send(number: number): Promise<void> {
    const endpoint = MIX[number % MIX.length] ?? 'GET /readings';
    const at = Date.now();
    if (underWay.size >= mostAtOnce) {
      keep({ at, endpoint, ok: false, status: 0, ms: 0 });
      return;
    }
    const begun = performance.now();
    const reply = await exchange(agent, url, endpoint.replace(':id', lastOrder), number);
    if (endpoint === 'POST /orders' && reply.status === 201) lastOrder = orderOf(reply.text);
    const { epoch, release, status } = reply;
    keep({
      at,
      endpoint,
      ok: status > 0 && status < 500,
      status,
      ms: performance.now() - begun,
      ...(epoch === undefined ? {} : { epoch }),
      ...(release === undefined ? {} : { release }),
    });
  }

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1000);
    for (; sent < due; sent += 1) {
      const exchangeNow = send(sent).finally(() => underWay.delete(exchangeNow));
      underWay.add(exchangeNow);
    }
  }, TICK_MS);

  async function stop(): Promise<void> {
    clearInterval(timer);
    stopped.abort();
    await Promise.all(underWay);
    agent.destroy();
  }

  return {
    records: () => records,
    window: (fromMs, toMs) => summarize(records, fromMs, toMs),
    since: (fromMs) => summarize(records, fromMs, Infinity),
    firstResponseWith: (predicate, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(timeoutMs)]);
        const giveUp = (): void => {
          listeners.delete(listen);
          reject(new Error(`No answer was as expected within ${timeoutMs / 1000} s.`));
        };
        function listen(record: TrafficRecord): void {
          if (!predicate(record)) return;
          listeners.delete(listen);
          signal.removeEventListener('abort', giveUp);
          resolve(record);
        }
        listeners.add(listen);
        signal.addEventListener('abort', giveUp, { once: true });
        if (signal.aborted) giveUp();
      }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Reply {
  /** 0 when there was no answer in time or the connection broke. */
  status: number;
  text: string;
  epoch?: string;
  release?: string;
}

/** One request and its whole answer. Never rejects. */
function exchange(agent: Agent, url: string, endpoint: string, number: number): Promise<Reply> {
  const [method = 'GET', path = '/'] = endpoint.split(' ');
  return new Promise((resolve) => {
    const nothing = (): void => resolve({ status: 0, text: '' });
    const outgoing = startRequest(new URL(path, url), {
      agent,
      method,
      headers: { 'storefront-customer': `customer-${number % CUSTOMERS}` },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    outgoing.once('error', nothing);
    outgoing.once('response', (answer) => {
      const { 'backout-epoch': epoch, 'storefront-release': release } = answer.headers;
      const headers = {
        ...(typeof epoch === 'string' ? { epoch } : {}),
        ...(typeof release === 'string' ? { release } : {}),
      };
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('error', nothing);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text, ...headers }));
    });
    outgoing.end(method === 'POST' ? bodyOf(path, number) : undefined);
  });
}

function bodyOf(path: string, number: number): string {
  if (path === '/signup') return JSON.stringify({ email: `customer-${number}@example.org` });
  return JSON.stringify({ reading: 'three-cards', quantity: 1 + (number % 3) });
}

function orderOf(text: string): string {
  const order: unknown = JSON.parse(text);
  const id = fieldOf(order, 'id');
  return typeof id === 'string' ? id : '1';
}
