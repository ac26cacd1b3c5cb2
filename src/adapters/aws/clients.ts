/** How the clients of all AWS services are set up: nothing waits for ever, nothing tries for ever. */

/** Where AWS is. Left out: the SDK finds it, `AWS_ENDPOINT_URL` included. */
export interface AwsPlace {
  region: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Tries of one call; 1 where a repeat would do something a second time. Default 3. */
  tries?: number;
}

/**
 * Milliseconds. AWS answers control-plane calls within a second; three tries of 4 s fit into the
 * 15 s that a call gets, with the SDK's own pauses between them.
 */
const CONNECT_MS = 2_000;
const ANSWER_MS = 4_000;
const TRIES = 3;
/** Longest for one call, its repeats included. */
const CALL_MS = 15_000;

/** Settings for the constructor of any client. */
export function clientSettings({ region, endpoint, credentials, tries = TRIES }: AwsPlace) {
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: tries,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
    },
  };
}

/** For one call: the caller's signal, and our own cap. */
export function callSignal(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
}
