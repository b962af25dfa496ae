import { relativeToWorkspace } from "../files/model/paths";
import css from "./Editor.module.css";
import { languageOf } from "./language";
import type { Shape } from "./text";
import type { OpenDocument } from "./useDocument";

/** Where the file is, where the cursor is, and what kind of text it is. */
export const Footer = ({ document, shape, readOnly, cursor }: FooterProps) => (
  <footer className={css.foot}>
    <span className={css.path} title={document.path}>
      {relativeToWorkspace(document.path)}
    </span>
    {readOnly && <strong>read only</strong>}
    {document.draftTooBig && <strong>too big to be kept over a restart until it is saved</strong>}
    <span className={css.space} />
    <span role="status" data-testid="editor-state">
      {document.saving ? "Saving…" : document.dirty ? "Not saved" : "Saved"}
    </span>
    <span data-testid="editor-cursor">
      Ln {cursor.line}, Col {cursor.column}
      {cursor.selected > 0 && ` (${cursor.selected} selected)`}
    </span>
    <span>{shape.bom ? "UTF-8 with BOM" : "UTF-8"}</span>
    <span>{shape.mixed ? "mixed line endings" : shape.ending === "\n" ? "LF" : "CRLF"}</span>
    <span>{languageOf(document.path)?.name ?? "Plain text"}</span>
  </footer>
);

interface FooterProps {
  document: OpenDocument;
  shape: Shape;
  readOnly: boolean;
  cursor: { line: number; column: number; selected: number };
}
