// Where a preview has been. The page inside is another origin's: what it shows can be counted, not read.

export interface Trail {
  /** Paths asked for in the address bar. */
  paths: string[];
  /** The one shown. */
  at: number;
  /** How many pages the page itself went on from there. */
  within: number;
  /** Raised to load the same again. */
  loads: number;
}

export const startTrail = (path: string): Trail => ({ paths: [path], at: 0, within: 0, loads: 0 });

export const pathOf = ({ paths, at }: Trail): string => paths[at] ?? "/";

export const goTo = (trail: Trail, path: string): Trail => ({
  paths: [...trail.paths.slice(0, trail.at + 1), path],
  at: trail.at + 1,
  within: 0,
  loads: trail.loads + 1,
});

export const reload = (trail: Trail): Trail => ({ ...trail, within: 0, loads: trail.loads + 1 });

export const wentOn = (trail: Trail): Trail => ({ ...trail, within: trail.within + 1 });

export const canGoBack = ({ at, within }: Trail) => within > 0 || at > 0;

/** A step back: inside the page when it went on by itself, else to the address before. */
export const back = (trail: Trail): Trail =>
  trail.within > 0
    ? { ...trail, within: trail.within - 1 }
    : { ...trail, at: Math.max(0, trail.at - 1), loads: trail.loads + 1 };

/** What was typed as an address: a path of this port, or nothing when it leads elsewhere. */
export function typedPath(typed: string, url: string): string | undefined {
  const text = typed.trim();
  const base = new URL(url);
  const short = /^(https?:\/\/)?(localhost|127\.0\.0\.1)(:\d+)?(?=[/?#]|$)/;
  const rest = text.replace(short, "");
  const full = URL.parse(rest.startsWith("http") ? rest : `/${rest.replace(/^\//, "")}`, base);
  return full?.origin === base.origin ? full.pathname + full.search + full.hash : undefined;
}
