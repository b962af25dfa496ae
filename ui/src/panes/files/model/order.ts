/** The order of the tree: folders first, then names as people count (`2` before `10`), case aside. */

export interface Ordered {
  name: string;
  folder: boolean;
  key: string;
}

/**
 * A string whose plain comparison is the natural order of names, so that 100 000 of them sort quickly.
 * Each run of digits is led by its length without leading zeros.
 */
export function orderKey(name: string): string {
  const lower = name.toLowerCase();
  if (!/[0-9]/.test(lower)) return lower;
  return lower.replace(/[0-9]+/g, (run) => {
    const digits = run.replace(/^0+(?=.)/, "");
    return `0${String.fromCharCode(0x30 + Math.min(digits.length, 0x7fff))}${digits}`;
  });
}

export function compareEntries(a: Ordered, b: Ordered): number {
  if (a.folder !== b.folder) return a.folder ? -1 : 1;
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** Puts sorted `added` into sorted `into`: one pass, whatever the sizes. */
export function mergeSorted<T extends Ordered>(into: readonly T[], added: readonly T[]): T[] {
  if (added.length === 0) return into.slice();
  const out: T[] = new Array(into.length + added.length);
  let i = 0;
  let j = 0;
  for (let k = 0; k < out.length; k++) {
    const a = into[i];
    const b = added[j];
    const takeA = b === undefined || (a !== undefined && compareEntries(a, b) <= 0);
    if (takeA) i++;
    else j++;
    out[k] = (takeA ? a : b) as T;
  }
  return out;
}
