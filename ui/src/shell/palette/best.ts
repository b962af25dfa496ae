import { defaultFilter } from "cmdk";

const MOST = 50;

/** The best matches of what was typed, best first; the shortest paths while nothing is. */
export function bestFiles(paths: string[], typed: string): string[] {
  const wanted = typed.trim();
  if (!wanted) return [...paths].sort((a, b) => a.length - b.length || a.localeCompare(b)).slice(0, MOST);
  return paths
    .map((path) => ({ path, score: defaultFilter(path, wanted) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.path.length - b.path.length)
    .slice(0, MOST)
    .map(({ path }) => path);
}
