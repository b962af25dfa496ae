/** What can be told of an HTML table before its frame has drawn it. */

const ROW = 21;

/** Pixels a data frame will be high, about, so that what is below does not move. */
export function tableHeight(html: string): number | undefined {
  if (!html.includes("<table")) return undefined;
  const rows = html.match(/<tr[\s>]/g)?.length ?? 0;
  return rows * ROW + (/<\/table>\s*<p>/.test(html) ? 22 : 1);
}
