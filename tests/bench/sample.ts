/** Measurements of one thing, in the order they were made. The twin of `tests/src/bench/sample.rs`. */

/** What `percent` of the numbers stay within (nearest rank). */
export function percentile(numbers: number[], percent: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (numbers: number[]) => percentile(numbers, 50);
