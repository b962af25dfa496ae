import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, type KeyBinding, keymap } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { mayTakeFocus } from "../cell/focus";
import type { CellType } from "../model/types";
import { baseExtensions, languageOf } from "./setup";

export interface CellEditorProps {
  source: string;
  type: CellType;
  language: string;
  label: string;
  /** Whether the keyboard belongs in here now. */
  focused: boolean;
  /** Keys that mean something to the notebook, before the editor's own. */
  keys: KeyBinding[];
  onChange(source: string): void;
  onFocus(): void;
}

/** The text of one cell. */
export function CellEditor(props: CellEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const language = useRef(new Compartment());
  const now = useRef(props);
  now.current = props;

  useEffect(() => {
    if (!place.current) return;
    const made = makeView(place.current, now, language.current);
    view.current = made;
    return () => {
      view.current = undefined;
      made.destroy();
    };
  }, []);

  useEffect(() => {
    const extension = languageOf(props.type, props.language);
    view.current?.dispatch({ effects: language.current.reconfigure(extension) });
  }, [props.type, props.language]);

  useEffect(() => {
    const editor = view.current;
    // Typing changed the store from here; only what came from elsewhere is put in.
    if (!editor || editor.state.doc.toString() === props.source) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.source } });
  }, [props.source]);

  useEffect(() => {
    if (props.focused && place.current && mayTakeFocus(place.current)) view.current?.focus();
  }, [props.focused]);

  return <div ref={place} data-testid="cell-editor" />;
}

function makeView(parent: HTMLElement, now: { current: CellEditorProps }, language: Compartment): EditorView {
  const { source, type, label, keys } = now.current;
  const listener = EditorView.updateListener.of((update) => {
    if (update.docChanged) now.current.onChange(update.state.doc.toString());
    if (update.focusChanged && update.view.hasFocus) now.current.onFocus();
  });
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: source,
      extensions: [
        Prec.highest(keymap.of(keys)),
        baseExtensions(label),
        language.of(languageOf(type, now.current.language)),
        listener,
      ],
    }),
  });
}
