/** A field of a JSON object; undefined when `value` is something else or has no such field. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

/** @throws {Error} when the field is not a text, or empty */
export function textOf(value: unknown, name: string): string {
  const field = fieldOf(value, name);
  if (typeof field === 'string' && field !== '') return field;
  throw new Error(`the field ${name} is missing or not a text`);
}

/** @throws {Error} when the field is not a whole number from 0 */
export function countOf(value: unknown, name: string): number {
  const field = fieldOf(value, name);
  if (typeof field === 'number' && Number.isSafeInteger(field) && field >= 0) return field;
  throw new Error(`the field ${name} is missing or not a whole number`);
}
