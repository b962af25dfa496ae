// Numbers and times as people read them.
const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `84 MiB`, `1.5 GiB`: whole from ten up, one decimal below. */
export function bytes(count: number): string {
  const step = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** step;
  return `${step === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** `84 of 512 MiB`: the unit once when it is the same. */
export function bytesOf(part: number, whole: number): string {
  const [a, b] = [bytes(part), bytes(whole)];
  const [number, unit] = a.split(" ");
  return unit === b.split(" ")[1] ? `${number} of ${b}` : `${a} of ${b}`;
}

/** `0.9 ms`, `12 ms`, `1.2 s`. */
export const millis = (ms: number) =>
  ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

export const percent = (value: number) => `${Math.round(value)} %`;

/** How long since: `now`, `12 min`, `3 h`, `5 d`. */
export function age(since: string, now = Date.now()): string {
  const minutes = Math.floor((now - Date.parse(since)) / 60_000);
  if (!(minutes >= 1)) return "now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / 1440)} d`;
}

export const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
