/** Measured values in words: shares as percentages, times in milliseconds. */

type Unit = 'ratio' | 'milliseconds' | 'count';

const SIGNS = { above: 'above', at_least: 'at least', below: 'below', at_most: 'at most' } as const;

/** `0.4 %`, `820 ms`, `12`. */
export function describeValue(value: number, unit: Unit): string {
  switch (unit) {
    case 'ratio':
      return `${Number((value * 100).toPrecision(3))} %`;
    case 'milliseconds':
      return `${Number(value.toPrecision(4))} ms`;
    case 'count':
      return String(Number(value.toPrecision(6)));
    default:
      return unit satisfies never;
  }
}

/** `below 1 %`, `at least 3 and below 10`. */
export function describeBounds(
  bounds: Partial<Record<keyof typeof SIGNS, number | undefined>>,
  unit: Unit,
): string {
  const given = Object.entries(SIGNS).flatMap(([name, words]) => {
    const limit = Object.entries(bounds).find(([bound]) => bound === name)?.[1];
    return limit === undefined ? [] : [`${words} ${describeValue(limit, unit)}`];
  });
  return given.length === 0 ? 'any value' : given.join(' and ');
}
