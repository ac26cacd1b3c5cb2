/** Between two looks at the instances' heartbeats: well under the second a proof should take. */
export const PROOF_POLL_MS = 50;
/** A heartbeat comes every 2 s (docs/contract.md); after three missed ones an instance is silent. */
export const SILENT_AFTER_MS = 6_000;
