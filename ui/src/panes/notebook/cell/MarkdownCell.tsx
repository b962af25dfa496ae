import { useMemo } from "react";
import { MarkdownView } from "../../../outputs/MarkdownView";
import { isObject, type JsonObject } from "../model/json";
import { joinText } from "../model/read";
import type { Cell } from "../model/types";
import css from "../Notebook.module.css";

/** A Markdown cell as it reads. A double click or Enter opens its text. */
export function MarkdownCell({ cell, onEdit }: { cell: Cell; onEdit(): void }) {
  const images = useMemo(() => attachedImages(cell.rest.attachments), [cell.rest.attachments]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter on the cell does the same
    <div className={css.reading} onDoubleClick={onEdit}>
      {cell.source.trim() ? (
        <MarkdownView source={cell.source} images={images} />
      ) : (
        <p className={css.hint}>Empty Markdown. Press Enter to write.</p>
      )}
    </div>
  );
}

/** `attachments` of nbformat: pictures by name, as data URLs. */
function attachedImages(attachments: unknown): Record<string, string> | undefined {
  if (!isObject(attachments)) return undefined;
  return Object.fromEntries(
    Object.entries(attachments).flatMap(([name, bundle]) => (isObject(bundle) ? imageOf(name, bundle) : [])),
  );
}

function imageOf(name: string, bundle: JsonObject): [string, string][] {
  const [mime, value] = Object.entries(bundle).find(([type]) => type.startsWith("image/")) ?? [];
  const base64 = value === undefined ? undefined : joinText(value);
  return mime && base64 ? [[name, `data:${mime};base64,${base64.replace(/\s/g, "")}`]] : [];
}
