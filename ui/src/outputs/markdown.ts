/** Markdown from a sandbox as HTML that does nothing: sanitised, no script, style, form or frame. */
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";
import { mathPlugin } from "./math";

const markdown = new MarkdownIt({ html: true, linkify: true }).use(mathPlugin);
// Only these schemes lead out, and only through the host; pictures come with the document.
const ALLOWED_URI = /^(?:https?:|mailto:|#|data:image\/(?:png|jpeg|gif|webp|svg\+xml);)/i;

/** `images`: pictures attached to a cell by name, as data URLs. */
export function markdownToHtml(source: string, images: Record<string, string> = {}): string {
  const html = markdown.render(
    source.replace(/\(attachment:([^)\s]+)\)/g, (all, name) => attached(images, name) ?? all),
  );
  return DOMPurify.sanitize(html, {
    ALLOWED_URI_REGEXP: ALLOWED_URI,
    FORBID_TAGS: ["style", "form", "input", "button", "iframe", "object", "embed", "video", "audio"],
    FORBID_ATTR: ["id", "name", "class-name"],
    ADD_TAGS: ["semantics", "annotation"],
  });
}

const attached = (images: Record<string, string>, name: string) => {
  const url = images[decodeURIComponent(name)];
  return url && `(${url})`;
};
