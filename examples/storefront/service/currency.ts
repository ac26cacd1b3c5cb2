/** The whole cents of a price: 19.99 is 1999. */
export function toCents(price: number): number {
  return Math.round(price * 100);
}

/** Cents as people write them: 1999 is `19.99`. */
export function formatCents(cents: number): string {
  return (cents / 100).toFixed(2);
}
