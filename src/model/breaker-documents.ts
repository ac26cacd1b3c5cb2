/**
 * Reads the documents of the fast path (docs/contract.md). No schema library, for the same reason
 * as in flag-documents.ts: the application's client reads with it too.
 */

import type { BreakerState } from './breaker.ts';
import { parseEpoch } from './breaker.ts';
import { BackoutError } from './error.ts';
import type { Instance } from './instance.ts';
import { canonicalJson } from './json.ts';
import { isInstant, parseRecord } from './flag-documents.ts';

/** Stands for a state that cannot be read. Older than anything, so that any real state replaces it. */
const UNREADABLE: BreakerState = {
  state: 'open',
  since: '1970-01-01T00:00:00.000Z',
  by: 'backout',
  reason: 'The stored state cannot be read; until it is set again, it counts as open.',
};

/**
 * Reads one breaker. Whatever is not exactly a state counts as open: somebody wrote something about
 * this provider, and calling it against that is the failure that costs more.
 */
export function parseBreaker(text: string): BreakerState {
  const record = parseRecord(text);
  if (record === undefined) return UNREADABLE;
  const { state, since, by, reason, incident, sample } = record;
  if (!isInstant(since) || typeof by !== 'string') return UNREADABLE;
  if (incident !== undefined && typeof incident !== 'string') return UNREADABLE;
  const ofIncident = incident === undefined ? {} : { incident };
  switch (state) {
    case 'closed':
      return { state, since, by };
    case 'half-open':
      if (typeof sample !== 'number' || !(sample >= 0 && sample <= 1)) return UNREADABLE;
      return { state, since, by, sample, ...ofIncident };
    case 'open':
      return typeof reason === 'string' ? { state, since, by, reason, ...ofIncident } : UNREADABLE;
    case 'isolated':
      return typeof reason === 'string' ? { state, since, by, reason } : UNREADABLE;
    default:
      return UNREADABLE;
  }
}

/**
 * The stored form, with sorted members, so that equal states are equal texts.
 * @throws BackoutError E_BREAKER: it would be read back as something else, that is, as open
 */
export function formatBreaker(provider: string, state: BreakerState): string {
  const text = canonicalJson(state);
  if (canonicalJson(parseBreaker(text)) === text) return text;
  throw new BackoutError({
    code: 'E_BREAKER',
    kind: 'usage',
    message: `The breaker of ${provider} cannot be ${text}.`,
    remedy: 'A sample is from 0 to 1, a time is UTC like 2026-01-31T03:00:00.000Z.',
  });
}

/** What an instance writes about itself. */
export interface Heartbeat {
  /** `generation:counter` of the snapshot that its request path uses; `none` without one. */
  epoch: string;
  /** ISO 8601 UTC, by the instance's clock. */
  at: string;
  release?: string;
  /** Digest by flag group (model/flags.ts digestGroups). */
  flags?: Record<string, string>;
}

/** A heartbeat that cannot be read becomes one that proves nothing. */
export function parseInstance(id: string, text: string): Instance {
  const record = parseRecord(text) ?? {};
  const { epoch, at, release, flags } = record;
  const digests = isTexts(flags) ? { flags } : {};
  return {
    id,
    applied: typeof epoch === 'string' ? parseEpoch(epoch) : undefined,
    heartbeat: isInstant(at) ? at : '',
    ...(typeof release === 'string' ? { release } : {}),
    ...digests,
  };
}

function isTexts(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((member) => typeof member === 'string');
}
