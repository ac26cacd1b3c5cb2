export interface Reading {
  id: string;
  title: string;
  /** In euros. */
  price: number;
}

export const catalogue: readonly Reading[] = [
  { id: 'one-card', title: 'One card', price: 4.5 },
  { id: 'three-cards', title: 'Three cards', price: 19.99 },
];
