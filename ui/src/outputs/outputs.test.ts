import { describe, expect, it } from "vitest";
import { hear } from "./frame";
import { imageSize } from "./imageSize";
import { excerpt, FIRST, LAST, pieces, WIDEST } from "./lines";
import { markdownToHtml } from "./markdown";
import { texAt, texToHtml } from "./math";
import { choose } from "./mime";
import { tableShape } from "./table";

/** One red pixel and the head of a JPEG of 640 × 480. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const JPEG = btoa(
  String.fromCharCode(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 1, 0xe0, 2, 0x80, 3, 0, 0, 0),
);

describe("the type that is shown", () => {
  it("is the richest, as Jupyter orders them", () => {
    expect(choose({ "text/plain": "df", "text/html": "<table>" })?.as).toBe("html");
    expect(choose({ "text/plain": "x", "text/latex": "$x$", "image/png": PNG })?.as).toBe("latex");
    expect(choose({ "text/plain": "<Figure>", "image/png": PNG })?.as).toBe("image");
  });

  it("joins the lines of a file", () => {
    expect(choose({ "text/plain": ["a\n", "b"] })).toEqual({ as: "text", text: "a\nb" });
  });

  it("of Vega or Plotly without a picture is a tree", () => {
    expect(choose({ "application/vnd.vega.v5+json": { a: 1 }, "text/plain": "<VegaLite>" })?.as).toBe("json");
    expect(choose({ "application/vnd.jupyter.widget-view+json": {}, "text/plain": "Slider()" })?.as).toBe(
      "text",
    );
  });

  it("of a broken picture is what else there is", () => {
    expect(choose({ "image/png": "<script>", "text/plain": "t" })).toEqual({ as: "text", text: "t" });
  });
});

describe("a picture", () => {
  it("tells its size before it is drawn", () => {
    expect(imageSize("image/png", PNG)).toEqual({ width: 1, height: 1 });
    expect(imageSize("image/jpeg", JPEG)).toEqual({ width: 640, height: 480 });
  });

  it("that is none has no size", () => {
    expect(imageSize("image/png", "AAAA")).toBeUndefined();
    expect(imageSize("image/jpeg", "!")).toBeUndefined();
  });
});

describe("long text", () => {
  it("is whole while it is short", () => {
    expect(excerpt("a\nb\n")).toEqual({ head: "a\nb\n", hidden: 0, tail: "" });
  });

  it("shows its beginning, its end and how many lines lie between", () => {
    const text = Array.from({ length: 5000 }, (_, at) => `${at}\n`).join("");
    const { head, hidden, tail } = excerpt(text);
    expect(head.split("\n")).toHaveLength(FIRST);
    expect(hidden).toBe(5000 - FIRST - LAST);
    expect(tail).toMatch(/^4970\n[\s\S]*4999\n$/);
    expect(pieces(text).join("\n")).toBe(text.replace(/\n$/, ""));
  });

  it("of one endless line is cut for showing", () => {
    expect(excerpt("x".repeat(WIDEST * 3)).head.length).toBeLessThan(WIDEST + 60);
  });
});

describe("Markdown", () => {
  it("does nothing: no script, no handler, no frame, no scheme that leads into the window", () => {
    const html = markdownToHtml(
      '<script>x</script><img src=x onerror=alert(1)><iframe src="//x"></iframe><a href="javascript:x">a</a><style>*{}</style><form><input></form>',
    );
    expect(html).not.toMatch(/script|onerror|iframe|style|form|input/);
  });

  it("has TeX of every kind, and leaves money alone", () => {
    expect(markdownToHtml("$x$ and \\(y\\)").match(/katex-html/g)).toHaveLength(2);
    expect(markdownToHtml("$$\nx\n$$\n\n\\begin{align}a\\end{align}").match(/katex-display/g)).toHaveLength(
      2,
    );
    expect(markdownToHtml("$5 and $6")).not.toContain("katex");
    expect(markdownToHtml("`$x$`")).not.toContain("katex");
  });

  it("shows attached pictures", () => {
    expect(markdownToHtml("![a](attachment:p.png)", { "p.png": `data:image/png;base64,${PNG}` })).toContain(
      "data:image/png",
    );
  });
});

describe("TeX", () => {
  it("that is wrong shows as it stands", () => {
    expect(texToHtml("\\frac{", true)).toContain("\\frac{");
  });

  it("cannot lead anywhere", () => {
    expect(texToHtml("\\href{javascript:x}{y}", false)).not.toContain("href=");
    expect(texAt("$x$ y", 0)).toMatchObject({ tex: "x", length: 3 });
  });
});

describe("what the isolated frame says", () => {
  it("counts only with its nonce, and only as one of its few words", () => {
    expect(hear({ sandpit: "n", type: "hello" }, "n")).toEqual({ type: "hello" });
    expect(hear({ sandpit: "other", type: "hello" }, "n")).toBeUndefined();
    expect(hear({ sandpit: "n", type: "run" }, "n")).toBeUndefined();
    expect(hear("hello", "n")).toBeUndefined();
    expect(hear(null, "n")).toBeUndefined();
  });

  it("about its height is held between bounds", () => {
    expect(hear({ sandpit: "n", type: "height", height: 1e9 }, "n")).toEqual({
      type: "height",
      height: 20_000,
    });
    expect(hear({ sandpit: "n", type: "height", height: -5 }, "n")).toEqual({ type: "height", height: 0 });
    expect(hear({ sandpit: "n", type: "height", height: Number.NaN }, "n")).toBeUndefined();
  });

  it("about a link is a web address or nothing", () => {
    expect(hear({ sandpit: "n", type: "link", href: "https://a" }, "n")).toMatchObject({ href: "https://a" });
    expect(hear({ sandpit: "n", type: "link", href: "javascript:x" }, "n")).toBeUndefined();
  });
});

describe("a table", () => {
  it("tells its shape", () => {
    const row = "<tr><th>0</th><td>1</td><td>2</td></tr>";
    expect(
      tableShape(`<table class="dataframe"><thead><tr></tr></thead><tbody>${row}${row}</tbody></table>`),
    ).toBe("2 rows × 2 columns");
    expect(tableShape('<table class="dataframe"></table><p>1000 rows × 5 columns</p>')).toBe(
      "1,000 rows × 5 columns",
    );
    expect(tableShape("<table></table>")).toBeUndefined();
  });
});
