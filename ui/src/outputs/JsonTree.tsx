import { ChevronDown, ChevronRight } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import css from "./outputs.module.css";

/** Entries shown of one object or list before the rest is asked for. */
const PAGE = 100;

type Value = unknown;
type Entries = [string, Value][];

/** A value as a tree that opens: the first level at once, where it is small. */
export function JsonTree({ value }: { value: Value }) {
  return (
    <div className={css.json} role="tree" aria-label="JSON" data-testid="output-json">
      <Node value={value} open />
    </div>
  );
}

function Node({ name, value, open: first = false }: { name?: string; value: Value; open?: boolean }) {
  const [open, setOpen] = useState(first);
  const entries = entriesOf(value);
  if (!entries) return <Leaf name={name} value={value} />;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      setOpen(event.key === "ArrowRight");
      event.stopPropagation();
    }
  };
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <div role="treeitem" aria-expanded={open} tabIndex={-1}>
      <button type="button" className={css.jsonLine} onClick={() => setOpen(!open)} onKeyDown={onKeyDown}>
        <Chevron size={14} aria-hidden="true" />
        {name !== undefined && <span className={css.jsonKey}>{name}</span>}
        <span className={css.jsonCount}>{summary(value, entries.length)}</span>
      </button>
      {open && <Children entries={entries} />}
    </div>
  );
}

function Children({ entries }: { entries: Entries }) {
  const [limit, setLimit] = useState(PAGE);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of a tree, not of a form
    <div role="group" className={css.jsonChildren}>
      {entries.slice(0, limit).map(([name, value]) => (
        <Node key={name} name={name} value={value} open={entries.length <= 3} />
      ))}
      {entries.length > limit && (
        <button type="button" className={css.more} onClick={() => setLimit(limit + PAGE * 10)}>
          {(entries.length - limit).toLocaleString("en-US")} more · Show more
        </button>
      )}
    </div>
  );
}

const Leaf = ({ name, value }: { name?: string; value: Value }) => (
  <div className={css.jsonLine} role="treeitem" tabIndex={-1}>
    <span className={css.jsonIndent} />
    {name !== undefined && <span className={css.jsonKey}>{name}</span>}
    <span data-type={value === null ? "null" : typeof value} className={css.jsonValue}>
      {JSON.stringify(value)}
    </span>
  </div>
);

function entriesOf(value: Value): Entries | undefined {
  if (Array.isArray(value)) return value.map((item, at) => [String(at), item]);
  return typeof value === "object" && value !== null ? Object.entries(value) : undefined;
}

function summary(value: Value, size: number): string {
  const what = Array.isArray(value) ? (size === 1 ? "item" : "items") : size === 1 ? "key" : "keys";
  return Array.isArray(value) ? `[ ${size} ${what} ]` : `{ ${size} ${what} }`;
}
