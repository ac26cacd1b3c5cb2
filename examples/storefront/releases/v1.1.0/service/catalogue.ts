export interface Reading {
  id: string;
  title: string;
  /** In euros. */
  price: number;
  minutes: number;
}

export const catalogue: readonly Reading[] = [
  { id: 'one-card', title: 'One card', price: 4.5, minutes: 5 },
  { id: 'three-cards', title: 'Three cards', price: 19.99, minutes: 20 },
  { id: 'year-ahead', title: 'The year ahead', price: 49, minutes: 60 },
];
