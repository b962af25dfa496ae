/** What is shown of a long text: its beginning and its end, and how many lines lie between. */

export const FIRST = 20;
export const LAST = 30;
/** Longer lines are cut for showing: one of a megabyte would stop the window. */
export const WIDEST = 20_000;

export interface Excerpt {
  head: string;
  hidden: number;
  tail: string;
}

export function excerpt(text: string): Excerpt {
  const total = countLines(text);
  if (total <= FIRST + LAST + 10) return { head: narrow(text), hidden: 0, tail: "" };
  const head = text.slice(0, nthLine(text, FIRST));
  const tail = text.slice(nthLineFromEnd(text, LAST));
  return { head: narrow(head.replace(/\n$/, "")), hidden: total - FIRST - LAST, tail: narrow(tail) };
}

/** Pieces of `size` lines, so that a growing text draws only its last piece again. */
export function pieces(text: string, size = 200): string[] {
  const found: string[] = [];
  let start = 0;
  while (start < text.length) {
    const end = nthLine(text, size, start);
    found.push(narrow(text.slice(start, end).replace(/\n$/, "")));
    start = end;
  }
  return found;
}

export function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return text.endsWith("\n") || text === "" ? lines : lines + 1;
}

/** The index after the nth line feed from `start`. */
function nthLine(text: string, count: number, start = 0): number {
  let at = start;
  for (let left = count; left > 0; left--) {
    const next = text.indexOf("\n", at);
    if (next < 0) return text.length;
    at = next + 1;
  }
  return at;
}

/** The index where the last `count` lines begin. */
function nthLineFromEnd(text: string, count: number): number {
  let at = text.endsWith("\n") ? text.length - 1 : text.length;
  for (let left = count; left > 0; left--) {
    at = text.lastIndexOf("\n", at - 1);
    if (at < 0) return 0;
  }
  return at + 1;
}

function narrow(text: string): string {
  if (text.length <= WIDEST) return text;
  const long = new RegExp(`[^\\n]{${WIDEST},}`, "g");
  return text.replace(
    long,
    (line) => `${line.slice(0, WIDEST)} … ${(line.length - WIDEST).toLocaleString("en-US")} more characters`,
  );
}
