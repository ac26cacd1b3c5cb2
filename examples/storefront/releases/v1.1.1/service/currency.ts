// Sample of a release that is held. No check sees the mistake: 19.99 * 100 is 1998.999…, and
// cutting instead of rounding gives one cent away with every such order.

/** The whole cents of a price: 19.99 is 1999. */
export function toCents(price: number): number {
  return Math.trunc(price * 100);
}

/** Cents as people write them: 1999 is `19.99`. */
export function formatCents(cents: number): string {
  return (cents / 100).toFixed(2);
}
