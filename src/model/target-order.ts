/** In which order parts are worked on, and which of them side by side. Pure. */

/** What targets and services say about order. */
export interface Ordered {
  order: number;
  depends_on: readonly string[];
}

/**
 * Names in stages: a stage starts when the one before it is over. A part comes after everything it
 * depends on, then by `order`, then by name. Parts share a stage when they have the same `order` and
 * all that they depend on is done, up to `atOnce` of them. Dependencies that are not in `all`
 * (another environment) are taken as done.
 * @param atOnce most parts of one stage, 1 or more
 */
export function inStages(all: Readonly<Record<string, Ordered>>, atOnce: number): string[][] {
  const waiting = new Map(Object.entries(all));
  const stages: string[][] = [];
  while (waiting.size > 0) {
    const ready = [...waiting]
      .filter(([, one]) => !one.depends_on.some((id) => waiting.has(id)))
      .toSorted(([a, one], [b, other]) => one.order - other.order || (a < b ? -1 : 1));
    const order = ready[0]?.[1].order;
    const stage = ready.filter(([, one]) => one.order === order).map(([id]) => id);
    // The loader refuses circles; whatever comes from elsewhere must still come to an end.
    if (stage.length === 0) stage.push([...waiting.keys()].toSorted()[0] ?? '');
    const chosen = stage.slice(0, Math.max(1, atOnce));
    for (const id of chosen) waiting.delete(id);
    stages.push(chosen);
  }
  return stages;
}

/** The same one after the other. */
export function inOrder(all: Readonly<Record<string, Ordered>>): string[] {
  return inStages(all, 1).flat();
}
