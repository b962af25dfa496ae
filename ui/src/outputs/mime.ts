/**
 * Which of the types in a bundle is shown: the one place that decides. The order is Jupyter's (the richest
 * first); a type with no picture of its own here comes after those that have one.
 */
import { type Json, plain } from "../panes/notebook/model/json";
import { joinText } from "../panes/notebook/model/read";
import type { Bundle } from "../panes/notebook/model/types";

export type Shown =
  | { as: "html"; html: string }
  | { as: "script"; script: string }
  | { as: "markdown"; text: string }
  | { as: "latex"; text: string }
  | { as: "image"; mime: string; base64: string }
  | { as: "svg"; svg: string }
  | { as: "json"; value: Json; mime: string }
  | { as: "text"; text: string };

const ORDER: [string, (value: Json, mime: string) => Shown | undefined][] = [
  ["text/html", text((html) => ({ as: "html", html }))],
  ["text/markdown", text((markdown) => ({ as: "markdown", text: markdown }))],
  ["text/latex", text((latex) => ({ as: "latex", text: latex }))],
  ["image/svg+xml", text((svg) => ({ as: "svg", svg }))],
  ["image/png", image],
  ["image/jpeg", image],
  ["image/gif", image],
  ["image/webp", image],
  ["application/javascript", text((script) => ({ as: "script", script }))],
  ["application/json", json],
];

/** How a bundle is shown; undefined when there is nothing in it to show. */
export function choose(bundle: Bundle): Shown | undefined {
  for (const [mime, show] of ORDER) {
    const shown = bundle[mime] === undefined ? undefined : show(bundle[mime], mime);
    if (shown) return shown;
  }
  return structured(bundle) ?? fallback(bundle);
}

/** Vega, Plotly, GeoJSON and whatever else is JSON: as a tree. */
function structured(bundle: Bundle): Shown | undefined {
  const mime = Object.keys(bundle).find((one) => /^application\/.*\+json$/.test(one));
  // A widget is drawn by a library that is not here; what it says in text is more than its model id.
  if (!mime || mime === "application/vnd.jupyter.widget-view+json") return undefined;
  return json(bundle[mime] ?? null, mime);
}

function fallback(bundle: Bundle): Shown | undefined {
  const plainText = joinText(bundle["text/plain"]);
  if (plainText !== undefined) return { as: "text", text: plainText };
  const other = Object.entries(bundle).find(([mime]) => mime.startsWith("text/"));
  const words = other && joinText(other[1]);
  if (words !== undefined) return { as: "text", text: words };
  const types = Object.keys(bundle);
  return types.length > 0 ? { as: "text", text: `<${types.join(", ")}>` } : undefined;
}

function text(show: (text: string) => Shown): (value: Json) => Shown | undefined {
  return (value) => {
    const joined = joinText(value);
    return joined === undefined ? undefined : show(joined);
  };
}

function image(value: Json, mime: string): Shown | undefined {
  const base64 = joinText(value)?.replace(/\s/g, "");
  return base64 && /^[A-Za-z0-9+/]+=*$/.test(base64) ? { as: "image", mime, base64 } : undefined;
}

function json(value: Json, mime: string): Shown {
  return { as: "json", value: plain(value), mime };
}
