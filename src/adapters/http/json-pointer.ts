/**
 * The value that a JSON pointer (RFC 6901, such as `/checks/0/ok`) leads to; undefined when nothing
 * is there. Own members only: `/constructor` is not in every object.
 */
export function followPointer(value: unknown, pointer: string): unknown {
  let here: unknown = value;
  for (const escaped of pointer.split('/').slice(1)) {
    const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    if (here === null || typeof here !== 'object' || !Object.hasOwn(here, key)) return undefined;
    here = Object.getOwnPropertyDescriptor(here, key)?.value;
  }
  return here;
}
