import type { ClientSnapshot } from './client.ts';

/** `deferred`: the breaker is open, nothing was called. */
type ProviderOutcome = 'done' | 'failed' | 'deferred';

/** Calls one external provider, unless its breaker says no. Never throws. */
export type CallProvider = (snapshot: ClientSnapshot, provider: string) => Promise<ProviderOutcome>;

/** Milliseconds after which a provider counts as failed: a customer is waiting. */
const PROVIDER_TIMEOUT_MS = 1000;

/** Providers at `<url>/<provider>`; any answer but 200 is a failure. */
export function callProvidersAt(url: string): CallProvider {
  return async (snapshot, provider) => {
    if (!snapshot.allows(provider)) return 'deferred';
    try {
      const signal = AbortSignal.timeout(PROVIDER_TIMEOUT_MS);
      const response = await fetch(`${url}/${provider}`, { method: 'POST', signal });
      await response.arrayBuffer();
      return response.status === 200 ? 'done' : 'failed';
    } catch {
      return 'failed';
    }
  };
}
