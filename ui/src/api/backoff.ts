/** Milliseconds to wait before try number `attempt` (from 0): 0.25 s doubling up to 8 s, spread by a quarter. */
export const backoff = (attempt: number, random: () => number = Math.random) =>
  Math.min(8000, 250 * 2 ** attempt) * (0.875 + random() * 0.25);
