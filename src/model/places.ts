/**
 * Replaces `{name}` by what stands for it, in one pass, so that nothing in a value is replaced again.
 * Unknown names stay as they are.
 */
export function fillPlaces(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z]+)\}/g, (all, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? all) : all,
  );
}
