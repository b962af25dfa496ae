import { useEffect, useMemo, useRef, useState } from "react";
import { host } from "../host";
import { useTheme } from "../theme/theme";
import {
  COLLAPSED,
  type FrameContent,
  type FrameSays,
  fontsMessage,
  frameUrl,
  hear,
  newNonce,
  renderMessage,
  SANDBOX,
  TALLEST,
  tokensMessage,
} from "./frame";
import css from "./outputs.module.css";

/** Heights by content, so that a frame that comes back (scrolled to, moved) stands at once at its size. */
const heights = new Map<string, number>();
const MOST_HEIGHTS = 500;

interface FrameProps {
  content: FrameContent;
  /** Pixels, where it can be told before the frame is drawn. */
  guess?: number;
  /** The person pressed into the frame, or Escape in it. */
  onFocus?(): void;
  onEscape?(): void;
}

/** HTML or script from a sandbox, in a document of no origin that reaches nothing but its own pixels. */
export function IsolatedFrame({ content, guess = 24, onFocus, onEscape }: FrameProps) {
  const key = "html" in content ? content.html : content.script;
  const [height, setHeight] = useState(() => heights.get(key) ?? guess);
  const [all, showAll] = useState(false);
  const [link, setLink] = useState<string>();
  const frame = useFrame(content, (said) => {
    if (said.type === "height") setHeight(remember(key, said.height));
    else if (said.type === "link") setLink(said.href);
    else if (said.type === "focus") onFocus?.();
    else if (said.type === "escape") onEscape?.();
  });
  const limit = all ? TALLEST : COLLAPSED;
  return (
    <div className={css.frame} data-testid="output-html">
      <iframe
        ref={frame.ref}
        title="Output of the cell"
        sandbox={SANDBOX}
        src={frame.url}
        referrerPolicy="no-referrer"
        style={{ height: Math.min(height, limit) }}
      />
      {height > COLLAPSED && (
        <button type="button" className={css.more} onClick={() => showAll(!all)}>
          {all ? "Show less" : `${height.toLocaleString("en-US")} px high · Show all`}
        </button>
      )}
      {link && <LinkBar href={link} onDone={() => setLink(undefined)} />}
    </div>
  );
}

/** A link in an output opens only when a person says so: script could press it too. */
function LinkBar({ href, onDone }: { href: string; onDone(): void }) {
  const open = () => {
    void host.openExternal(href);
    onDone();
  };
  return (
    <div className={css.linkBar} role="alert">
      <span className={css.linkText}>{href}</span>
      <button type="button" onClick={open}>
        Open in browser
      </button>
      <button type="button" onClick={onDone}>
        Dismiss
      </button>
    </div>
  );
}

function useFrame(content: FrameContent, onSaid: (said: FrameSays) => void) {
  const ref = useRef<HTMLIFrameElement>(null);
  const theme = useTheme();
  const nonce = useMemo(newNonce, []);
  // The theme at the beginning only: a new address would load the frame again. Changes are told.
  const [url] = useState(() => frameUrl(nonce, theme));
  const now = useRef({ content, theme, onSaid });
  now.current = { content, theme, onSaid };
  useEffect(() => {
    const tell = (message: unknown) => ref.current?.contentWindow?.postMessage(message, "*");
    const greet = () => {
      tell(tokensMessage(nonce, now.current.theme));
      tell(renderMessage(nonce, now.current.content));
      void fontsMessage(nonce).then(tell);
    };
    const onMessage = ({ source, data }: MessageEvent) => {
      if (!source || source !== ref.current?.contentWindow) return;
      const said = hear(data, nonce);
      if (said?.type === "hello") greet();
      else if (said) now.current.onSaid(said);
    };
    window.addEventListener("message", onMessage);
    return () => window.removeEventListener("message", onMessage);
  }, [nonce]);
  const told = useRef(content);
  useEffect(() => {
    ref.current?.contentWindow?.postMessage(tokensMessage(nonce, theme), "*");
    if (told.current === content) return;
    told.current = content;
    ref.current?.contentWindow?.postMessage(renderMessage(nonce, content), "*");
  }, [nonce, theme, content]);
  return { ref, url };
}

function remember(key: string, height: number): number {
  if (heights.size >= MOST_HEIGHTS) heights.delete(heights.keys().next().value ?? "");
  heights.set(key, height);
  return height;
}
