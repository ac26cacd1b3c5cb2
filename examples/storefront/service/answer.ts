import type { ClientSnapshot } from './client.ts';
import type { CallProvider } from './providers.ts';

/** One request, as the handlers see it. */
export interface Question {
  /** Flags and breakers, taken once at the start: one request never sees two states. */
  snapshot: ClientSnapshot;
  /** Who asks: the header `storefront-customer`, `anonymous` without one. */
  customer: string;
  /** The last part of paths such as `/orders/7`, empty for others. */
  id: string;
  /** The parsed JSON body; undefined when there was none or it was not JSON. */
  body: unknown;
  callProvider: CallProvider;
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  /** Set by payment validations that reached a provider, or tried to. */
  payment?: 'ok' | 'failed';
}

export type Handler = (question: Question) => Promise<Answer>;

/** A field of a JSON object; undefined when `value` is something else or has no such field. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
