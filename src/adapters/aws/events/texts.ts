/** Texts of an event: anybody who may name an alarm writes them. */

/** Longest text that is taken over from an event: a reason may be 1,023 characters. */
const TEXT_LIMIT = 1_023;
/** What is shown of an event that is none of ours. */
const SHOWN = 80;

/** A text with something in it, cleaned; undefined for everything else. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = clean(value);
  return text === '' ? undefined : text;
}

/** They must not move a cursor or hide words. */
export function clean(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, ' ')
    .trim()
    .slice(0, TEXT_LIMIT);
}

/** `2024-02-17T11:53:08.431+0000`: an offset without a colon, which not every parser accepts. */
export function instantOf(stamp: string): number | undefined {
  const usual = stamp.replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(usual)) return undefined;
  const at = Date.parse(usual);
  return Number.isNaN(at) ? undefined : at;
}

/** Those that say something, each once. */
export function distinct(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values.flatMap((one) => (one === undefined || one === '' ? [] : [one])))];
}

/** The beginning of what came, with nothing in it that looks like a key or a password. */
export function show(event: unknown): string {
  const text = typeof event === 'string' ? event : (JSON.stringify(event) ?? String(event));
  return clean(text)
    .slice(0, SHOWN)
    .replaceAll(
      /(token|secret|password|key|signature)(["']?\s*[:=]\s*["']?)[^"',&\s}]+/gi,
      '$1$2…',
    );
}
