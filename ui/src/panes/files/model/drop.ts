/** Where dragged or pasted entries may go. */
import { isWithin, parentOf } from "./paths";
import type { Row } from "./tree";

/** The folder that a drop on a row means: itself, or the one that holds the file. */
export const dropFolder = (row: Row): string => (row.folder ? row.path : parentOf(row.path));

/**
 * Whether `paths` may be moved (or copied) into `folder`: never into themselves, and a move
 * to where everything is already is none.
 */
export function mayDrop(paths: readonly string[], folder: string, copy: boolean): boolean {
  if (paths.length === 0) return false;
  if (paths.some((path) => isWithin(folder, path))) return false;
  return copy || paths.some((path) => parentOf(path) !== folder);
}
