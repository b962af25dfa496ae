/** What can be told of an HTML table before its frame has drawn it. */
import type { Json } from "../panes/notebook/model/json";
import { joinText } from "../panes/notebook/model/read";

const ROW = 23;
/** Longer than this it is not looked through. */
const LONGEST = 500_000;

/** Pixels a data frame will be high, about, so that what is below does not move. */
export function tableHeight(html: string): number | undefined {
  if (!html.includes("<table") || html.length > LONGEST) return undefined;
  const rows = html.match(/<tr[\s>]/g)?.length ?? 0;
  return rows * ROW - 1;
}

/** `3 rows × 4 columns` of a pandas frame: as it says itself when it is cut, else as counted. */
export function tableShape(value: Json | undefined): string | undefined {
  const html = value === undefined ? undefined : joinText(value);
  if (!html || html.length > LONGEST || !html.includes('class="dataframe"')) return undefined;
  const said = /<p>(\d+) rows? × (\d+) columns?<\/p>/.exec(html);
  const rows = said ? Number(said[1]) : count(between(html, "<tbody>", "</tbody>"), /<tr[\s>]/g);
  const columns = said ? Number(said[2]) : count(between(html, "<tbody>", "</tr>"), /<td[\s>]/g);
  if (rows === 0 || columns === 0) return undefined;
  return `${rows.toLocaleString("en-US")} ${rows === 1 ? "row" : "rows"} × ${columns} ${columns === 1 ? "column" : "columns"}`;
}

const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0;

function between(text: string, from: string, to: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to, start);
  return start < 0 || end < 0 ? "" : text.slice(start, end);
}
