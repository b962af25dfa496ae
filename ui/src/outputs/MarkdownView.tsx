import { type MouseEvent, memo, useMemo } from "react";
import { host } from "../host";
import { markdownToHtml } from "./markdown";
import css from "./outputs.module.css";

/** Markdown, rendered. A link opens in the person's own browser. */
export const MarkdownView = memo(function MarkdownView({ source, images }: MarkdownProps) {
  const html = useMemo(() => markdownToHtml(source, images), [source, images]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the links inside are what is pressed
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on a link is a click
    <div
      className={css.markdown}
      onClick={openLink}
      data-testid="markdown"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised by DOMPurify
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
});

interface MarkdownProps {
  source: string;
  images?: Record<string, string>;
}

function openLink(event: MouseEvent) {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  const href = link?.getAttribute("href");
  if (!href) return;
  event.preventDefault();
  if (/^https?:/i.test(href)) void host.openExternal(href);
}
