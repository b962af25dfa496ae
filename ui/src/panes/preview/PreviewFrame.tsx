import { useState } from "react";
import css from "./Preview.module.css";
import { type Width, widths } from "./widths";

/**
 * What a page of a sandbox may do. It has its own origin, which is none of the window's; it may not lead the window
 * elsewhere, and what it opens goes to the browser.
 */
const ALLOWED =
  "allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-downloads allow-pointer-lock";

interface Props {
  src: string;
  title: string;
  width: Width;
  /** Another page took the place of the first: it went on by itself, or stepped back. */
  onLoadedAnother(): void;
}

/** The page itself. It is made anew for each address, so that its own history is only its own. */
export function PreviewFrame({ src, title, width, onLoadedAnother }: Props) {
  const [loaded, setLoaded] = useState(false);
  const onLoad = () => {
    if (loaded) onLoadedAnother();
    setLoaded(true);
  };
  const { pixels } = widths[width];
  return (
    <div className={css.stage} data-width={width}>
      {!loaded && <div className={css.progress} role="status" aria-label="Loading the page" />}
      <iframe
        className={css.frame}
        style={pixels ? { width: pixels } : undefined}
        src={src}
        title={title}
        sandbox={ALLOWED}
        allow="fullscreen; clipboard-write"
        onLoad={onLoad}
        data-testid="preview-frame"
      />
    </div>
  );
}
