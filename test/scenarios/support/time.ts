/** `ms` ago, as stored data has it: ISO 8601 UTC with milliseconds. */
export function timestampBefore(ms: number): string {
  return new Date(Date.now() - ms).toISOString();
}
