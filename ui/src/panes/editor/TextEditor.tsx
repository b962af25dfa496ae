import { gotoLine, openSearchPanel } from "@codemirror/search";
import { type CSSProperties, useEffect, useRef, useState } from "react";
import { dockOf, type PaneProps } from "../../state/panes";
import { useSetting } from "../../state/settings";
import { CodeBuffer } from "./buffer";
import { ClosingBar } from "./ClosingBar";
import css from "./Editor.module.css";
import type { EditorParams } from "./EditorPane";
import { Footer } from "./Footer";
import { putEditor } from "./registry";
import { TroubleBar } from "./TroubleBar";
import type { Shape } from "./text";
import type { OpenDocument } from "./useDocument";

interface TextEditorProps extends PaneProps<EditorParams> {
  document: OpenDocument;
  text: string;
  shape: Shape;
  readOnly: boolean;
}

/** A text file: the editor, what stands in its way above it, where the cursor is below. */
export function TextEditor({
  document,
  text,
  shape,
  readOnly,
  pane,
  params,
  visible,
  sandboxId,
}: TextEditorProps) {
  const element = useRef<HTMLDivElement>(null);
  const [buffer, setBuffer] = useState<CodeBuffer>();
  const [cursor, setCursor] = useState({ line: 1, column: 1, selected: 0 });
  const fontSize = useSetting("editorFontSize");

  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is where the editor begins; later it has its own
  useEffect(() => {
    if (!element.current) return;
    const made = new CodeBuffer(element.current, {
      path: document.path,
      text,
      shape,
      readOnly,
      edited: () => document.edited(),
      moved: (line, column, selected) => setCursor({ line, column, selected }),
    });
    document.attach(made);
    setBuffer(made);
    const take = putEditor(pane.id, {
      save: () => document.save(),
      find: () => openSearchPanel(made.view),
      goToLine: () => gotoLine(made.view),
    });
    return () => {
      take();
      document.detach();
      made.dispose();
    };
  }, [document, text]);

  const { line, column } = params;
  // Each opening at a place goes there, also twice to the same one.
  useEffect(() => {
    if (buffer && params.line !== undefined) buffer.goTo(params.line, params.column);
  }, [buffer, params]);
  useEffect(() => {
    if (buffer && visible && line === undefined && dockOf(sandboxId)?.active()?.id === pane.id)
      buffer.view.focus();
  }, [buffer, visible, line, sandboxId, pane.id]);
  useEffect(() => pane.setDirty(document.dirty));

  return (
    <div
      className={css.pane}
      style={{ "--editor-fs": `${fontSize}px` } as CSSProperties}
      data-testid="editor"
      data-path={document.path}
      data-dirty={document.dirty || undefined}
      data-column={column}
    >
      {buffer && <TroubleBar document={document} buffer={buffer} onClose={pane.close} />}
      {buffer && <ClosingBar document={document} pane={pane} />}
      <div ref={element} className={css.code} />
      <Footer document={document} shape={shape} readOnly={readOnly} cursor={cursor} />
    </div>
  );
}
