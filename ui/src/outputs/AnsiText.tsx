import { AnsiUp } from "ansi_up";
import { memo, useMemo } from "react";
import css from "./outputs.module.css";

/** Text with terminal colours, which follow the theme. Everything in it is escaped. */
export const AnsiText = memo(function AnsiText({ text }: { text: string }) {
  const html = useMemo(() => ansiHtml(text), [text]);
  if (html === undefined) return <pre className={css.text}>{text}</pre>;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: ansi_up escapes what it is given
  return <pre className={css.text} dangerouslySetInnerHTML={{ __html: html }} />;
});

/** Undefined for text without an escape, which needs no markup. */
function ansiHtml(text: string): string | undefined {
  if (!text.includes(String.fromCharCode(27))) return undefined;
  const ansi = new AnsiUp();
  ansi.use_classes = true;
  // No links: text from a sandbox must not lead the window anywhere.
  ansi.url_allowlist = {};
  return ansi.ansi_to_html(text).replace(/(["; ])color:(rgb\([0-9, ]+\))/g, READABLE);
}

/** A colour of a program's own choosing, drawn towards the theme's text so that it can be read on either ground. */
const READABLE = "$1color:color-mix(in oklab, $2 60%, var(--text))";
