/**
 * JSON as Jupyter writes it: one space of indent, keys sorted, and numbers left as they stand in the file.
 *
 * JavaScript would turn `1.0`, `1e-07` or a 64-bit integer into something else, so that merely saving a
 * notebook would change it. Such numbers travel through the model as marked strings and are written back
 * as they were.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Unguessable, so that no notebook can hold a string which would be written as a number. */
const MARK = `number:${crypto.getRandomValues(new Uint32Array(3)).join("")}:`;
const MARKED = new RegExp(`"${MARK}([^"]*)"`, "g");
/** Before a key like "10", which JavaScript would otherwise put before "9" and before every other key. */
const KEY_MARK = `key:${MARK}`;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws SyntaxError when it is not JSON. */
export function parseJson(text: string): Json {
  return JSON.parse(markNumbers(text)) as Json;
}

export interface JsonStyle {
  indent: string | number;
  sorted: boolean;
}

export function writeJson(value: Json, style: JsonStyle): string {
  const text = JSON.stringify(style.sorted ? sortKeys(value) : value, null, style.indent);
  return text.replaceAll(MARKED, "$1").replaceAll(KEY_MARK, "");
}

/** Numbers as JavaScript has them: for showing, never for saving. */
export function plain(value: Json): Json {
  if (typeof value === "string") return value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

/** Whether every object has its keys in the order that Python's `sort_keys` gives. */
export function keysAreSorted(value: Json): boolean {
  if (Array.isArray(value)) return value.every(keysAreSorted);
  if (!isObject(value)) return true;
  // Keys like "10" are moved to the front by JavaScript itself, so they tell nothing.
  const keys = Object.keys(value).filter((key) => !/^\d+$/.test(key));
  return (
    keys.every((key, at) => at === 0 || (keys[at - 1] ?? "") < key) &&
    Object.values(value).every(keysAreSorted)
  );
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  const sorted: JsonObject = {};
  for (const key of Object.keys(value).sort()) {
    define(sorted, /^\d+$/.test(key) ? KEY_MARK + key : key, sortKeys(value[key] as Json));
  }
  return sorted;
}

/** Unlike an assignment, keeps a key named `__proto__` a key. */
function define(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

function markNumbers(text: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    parts.push(
      text
        .slice(at, end)
        .replace(NUMBER, (digits) => (String(Number(digits)) === digits ? digits : `"${MARK}${digits}"`)),
    );
    if (quote < 0) break;
    at = endOfString(text, quote + 1);
    parts.push(text.slice(quote, at));
  }
  return parts.join("");
}

/** The index after the closing quote of the string whose content starts at `from`. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === "\\") slashes++;
  return slashes % 2 === 1;
}
