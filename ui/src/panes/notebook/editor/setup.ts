/** What every cell's editor is made of, apart from its language and its keys. */
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { markdown } from "@codemirror/lang-markdown";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";
import type { CellType } from "../model/types";

const colours = HighlightStyle.define([
  {
    tag: [t.keyword, t.operatorKeyword, t.modifier, t.self, t.null, t.bool, t.atom],
    color: "var(--code-kw)",
  },
  {
    tag: [
      t.function(t.variableName),
      t.function(t.propertyName),
      t.definition(t.function(t.variableName)),
      t.className,
      t.typeName,
      t.macroName,
    ],
    color: "var(--code-fn)",
  },
  { tag: [t.string, t.special(t.string), t.regexp, t.character], color: "var(--code-str)" },
  { tag: t.number, color: "var(--code-num)" },
  { tag: [t.comment, t.meta], color: "var(--code-com)" },
  { tag: t.heading, fontWeight: "600" },
  { tag: t.strong, fontWeight: "600" },
  { tag: t.emphasis, fontStyle: "italic" },
  { tag: [t.link, t.url], color: "var(--info)" },
  { tag: [t.monospace], color: "var(--code-str)" },
  { tag: t.invalid, color: "var(--bad)" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "transparent", fontSize: "12.5px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", overflowX: "auto" },
  ".cm-content": { padding: "7px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--selection)",
  },
  "&:not(.cm-focused) .cm-matchingBracket": { backgroundColor: "transparent" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--bg-active)",
    outline: "1px solid var(--line-strong)",
  },
});

export function baseExtensions(label: string): Extension {
  return [
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    syntaxHighlighting(colours),
    look,
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
  ];
}

/** Highlighting and indentation of a cell. */
export function languageOf(type: CellType, language: string): Extension {
  if (type === "markdown") return [markdown(), EditorView.lineWrapping];
  if (type === "raw") return EditorView.lineWrapping;
  switch (language.toLowerCase()) {
    case "python":
    case "ipython":
      return [python(), indentUnit.of("    ")];
    case "typescript":
      return [javascript({ typescript: true, jsx: true }), indentUnit.of("  ")];
    case "javascript":
      return [javascript({ jsx: true }), indentUnit.of("  ")];
    default:
      return indentUnit.of("  ");
  }
}
