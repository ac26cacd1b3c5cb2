/** What AWS calls its errors. Without a schema library: the application's client needs it too. */

/** Too many calls at once; the same call works a little later. */
export const THROTTLED =
  /^(TooManyRequests|Throttl|RequestLimitExceeded|RequestThrottled|TooManyUpdates|ProvisionedThroughput)/;

/** Credentials that are missing, over, or not enough: repeating the call cannot help. */
export const DENIED =
  /^(AccessDenied|UnrecognizedClient|InvalidSignature|ExpiredToken|InvalidClientToken|Credentials|TokenProvider|MissingAuthenticationToken|NotAuthorized)/;
