/** Requests that one customer may send in one second while limiting is on. */
const PER_SECOND = 40;

/** Says whether this customer may go on. Counts are per whole second, so nothing has to be cleaned up. */
export function createRateLimit(): (customer: string, now: number) => boolean {
  let second = 0;
  let counts = new Map<string, number>();
  return (customer, now) => {
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      counts = new Map();
    }
    const count = (counts.get(customer) ?? 0) + 1;
    counts.set(customer, count);
    return count <= PER_SECOND;
  };
}
