/** How code looks on this window: the tokens' colours, in either theme. Shared by all editors. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

const highlight = HighlightStyle.define([
  { tag: [t.keyword, t.modifier, t.operatorKeyword, t.controlKeyword, t.self], color: "var(--code-kw)" },
  {
    tag: [t.function(t.variableName), t.function(t.propertyName), t.macroName, t.labelName],
    color: "var(--code-fn)",
  },
  { tag: [t.typeName, t.className, t.namespace, t.tagName], color: "var(--code-fn)" },
  { tag: [t.string, t.special(t.string), t.regexp, t.character, t.inserted], color: "var(--code-str)" },
  {
    tag: [t.number, t.bool, t.null, t.atom, t.unit, t.constant(t.name), t.attributeName, t.color],
    color: "var(--code-num)",
  },
  { tag: [t.comment, t.meta, t.documentMeta, t.processingInstruction], color: "var(--code-com)" },
  { tag: [t.escape, t.deleted], color: "var(--bad)" },
  { tag: [t.link, t.url], color: "var(--info)" },
  { tag: t.heading, color: "var(--code-kw)", fontWeight: "700" },
  { tag: t.strong, fontWeight: "700" },
  { tag: t.emphasis, fontStyle: "italic" },
  { tag: t.strikethrough, textDecoration: "line-through" },
  { tag: t.invalid, color: "var(--bad)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "transparent", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "var(--editor-fs, 13px)", lineHeight: "20px" },
  ".cm-content": { caretColor: "var(--accent)", padding: "8px 0" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, .cm-content ::selection":
    { backgroundColor: "var(--selection)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--text-3)", border: "0", paddingLeft: "8px" },
  ".cm-lineNumbers .cm-gutterElement": {
    minWidth: "32px",
    padding: "0 6px 0 4px",
    fontVariantNumeric: "tabular-nums",
  },
  ".cm-foldGutter .cm-gutterElement": { width: "12px", cursor: "pointer" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--bg-hover) 55%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--accent-soft)",
    outline: "1px solid var(--line-control)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--accent-soft)" },
  ".cm-searchMatch": { backgroundColor: "var(--selection)", borderRadius: "2px" },
  ".cm-searchMatch-selected": { outline: "1px solid var(--accent)" },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--bg-active)",
    border: "0",
    color: "var(--text-2)",
    padding: "0 4px",
  },
  ".cm-specialChar": { color: "var(--bad)" },
  ".cm-tooltip": {
    backgroundColor: "var(--bg-raised)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--r)",
    boxShadow: "var(--shadow)",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px", lineHeight: "20px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--bg-active)",
    color: "var(--text)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)" },
  ".cm-panels": { backgroundColor: "var(--bg-raised)", color: "var(--text)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search, .cm-panel.cm-gotoLine": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "6px",
    padding: "6px 34px 6px 10px",
    fontFamily: "var(--font)",
    fontSize: "var(--fs-s)",
  },
  ".cm-panel.cm-search br": { flexBasis: "100%", width: "0", content: "''" },
  ".cm-panel.cm-search label": {
    display: "inline-flex",
    alignItems: "center",
    gap: "4px",
    margin: "0",
    fontSize: "var(--fs-s)",
    color: "var(--text-2)",
  },
  ".cm-panel.cm-search input[type=checkbox]": { margin: "0", accentColor: "var(--accent)" },
  ".cm-panel .cm-textfield": {
    height: "24px",
    minWidth: "180px",
    margin: "0",
    padding: "0 8px",
    border: "1px solid var(--line-control)",
    borderRadius: "var(--r)",
    backgroundColor: "var(--bg)",
    color: "var(--text)",
    fontSize: "var(--fs-s)",
  },
  ".cm-panel .cm-button": {
    height: "24px",
    margin: "0",
    padding: "0 10px",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--r)",
    background: "var(--bg-raised)",
    color: "var(--text)",
    fontSize: "var(--fs-s)",
    textTransform: "capitalize",
  },
  ".cm-panel .cm-button:hover": { background: "var(--bg-hover)" },
  ".cm-panel button[name=close], .cm-panel .cm-dialog-close": {
    top: "6px",
    right: "8px",
    width: "22px",
    height: "22px",
    color: "var(--text-2)",
    fontSize: "16px",
    cursor: "default",
  },
  ".cm-changedLine, .cm-insertedLine": {
    backgroundColor: "color-mix(in srgb, var(--ok) 12%, transparent) !important",
  },
  ".cm-deletedChunk": { backgroundColor: "var(--bad-soft)", paddingLeft: "8px" },
  ".cm-changedText": { background: "color-mix(in srgb, var(--ok) 28%, transparent) !important" },
  ".cm-deletedChunk .cm-deletedText": {
    background: "color-mix(in srgb, var(--bad) 28%, transparent) !important",
  },
});

/** Colours and measures of code. */
export const codeTheme: Extension = [look, syntaxHighlighting(highlight)];
