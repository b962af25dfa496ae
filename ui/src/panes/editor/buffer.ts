/** A CodeMirror editor as the `Buffer` of a document. */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completeAnyWord,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { unifiedMergeView } from "@codemirror/merge";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, type Text } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import type { Buffer } from "./document";
import { languageOf } from "./language";
import { indentOf, type Shape } from "./text";
import { codeTheme } from "./theme";

const usual: Extension = [
  lineNumbers(),
  foldGutter(),
  highlightActiveLineGutter(),
  highlightSpecialChars(),
  history(),
  drawSelection(),
  dropCursor(),
  EditorState.allowMultipleSelections.of(true),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  autocompletion({ icons: false }),
  rectangularSelection(),
  crosshairCursor(),
  highlightActiveLine(),
  highlightSelectionMatches(),
  search({ top: true }),
  keymap.of([
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...searchKeymap,
    ...historyKeymap,
    ...foldKeymap,
    ...completionKeymap,
    indentWithTab,
  ]),
  codeTheme,
];

export interface CodeUse {
  path: string;
  text: string;
  shape: Shape;
  readOnly: boolean;
  edited(): void;
  /** The cursor moved: line and column from 1. */
  moved(line: number, column: number, selected: number): void;
}

export class CodeBuffer implements Buffer {
  readonly view: EditorView;
  private language = new Compartment();
  private merge = new Compartment();

  constructor(parent: HTMLElement, use: CodeUse) {
    const known = languageOf(use.path);
    const { text, shape } = use;
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          // The facet keeps the file's own ending when the text is taken out again.
          EditorState.lineSeparator.of(shape.ending),
          EditorState.tabSize.of(4),
          indentUnit.of(indentOf(text, known?.indent ?? "  ")),
          EditorState.readOnly.of(use.readOnly),
          EditorView.contentAttributes.of({
            "aria-label": use.path,
            "data-testid": "editor-text",
            spellcheck: "false",
          }),
          this.language.of(EditorState.languageData.of(() => [{ autocomplete: completeAnyWord }])),
          this.merge.of([]),
          usual,
          EditorView.updateListener.of((update) => {
            if (update.docChanged) use.edited();
            if (update.docChanged || update.selectionSet) this.tell(use);
          }),
        ],
      }),
    });
    void known?.load().then((support) => this.view.dispatch({ effects: this.language.reconfigure(support) }));
  }

  text = (): string => this.view.state.sliceDoc();
  mark = (): Text => this.view.state.doc;
  isAt = (mark: unknown): boolean => this.view.state.doc.eq(mark as Text);

  /** Changes only what differs, so that cursor, folds and scroll stay. */
  replace(text: string): void {
    const { state } = this.view;
    const next = state.toText(text);
    const change = difference(state.doc, next);
    if (change) this.view.dispatch({ changes: change });
  }

  /** Shows what differs from `theirs` in place, or nothing of it any more. */
  compare(theirs: string | undefined): void {
    const view =
      theirs === undefined
        ? []
        : unifiedMergeView({ original: this.view.state.toText(theirs), mergeControls: choice });
    this.view.dispatch({ effects: this.merge.reconfigure(view) });
  }

  /** Goes to a line and column, both from 1, and shows it in the middle. */
  goTo(line: number, column = 1): void {
    const { doc } = this.view.state;
    const at = doc.line(Math.max(1, Math.min(line, doc.lines)));
    const anchor = Math.min(at.from + Math.max(0, column - 1), at.to);
    this.view.dispatch({
      selection: { anchor },
      effects: EditorView.scrollIntoView(anchor, { y: "center" }),
    });
    this.view.focus();
  }

  dispose(): void {
    this.view.destroy();
  }

  private tell(use: CodeUse): void {
    const { doc, selection } = this.view.state;
    const { head, from, to } = selection.main;
    const line = doc.lineAt(head);
    use.moved(line.number, head - line.from + 1, to - from);
  }
}

/** The two answers to one difference; the text here is mine, the file's is theirs. */
function choice(type: "accept" | "reject", act: (event: MouseEvent) => void): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "cm-choice";
  button.textContent = type === "accept" ? "Keep mine" : "Take the file's";
  button.onmousedown = act;
  return button;
}

/** The one stretch in which two texts differ, between their common beginning and end. */
function difference(from: Text, to: Text) {
  if (from.eq(to)) return undefined;
  const [a, b] = [from.sliceString(0), to.sliceString(0)];
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start++;
  let end = 0;
  while (end < most - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return { from: start, to: a.length - end, insert: to.slice(start, b.length - end) };
}
