import { useEffect, useRef } from "react";
import { Button } from "../../kit";
import { set } from "../../state/settings";
import type { LiveTerminal } from "./live";
import { pasteLines } from "./paste";
import css from "./Terminal.module.css";

/** Asks before several lines are pasted, showing the first of them. */
export function PasteBar({ live, text, onDone }: { live: LiveTerminal; text: string; onDone(): void }) {
  const first = useRef<HTMLDivElement>(null);
  useEffect(() => first.current?.querySelector("button")?.focus(), []);
  const end = (paste: string | undefined) => {
    if (paste !== undefined) live.paste(paste);
    onDone();
    live.focus();
  };
  return (
    <div
      ref={first}
      className={css.paste}
      role="alertdialog"
      aria-label={`Paste ${pasteLines(text)} lines?`}
      data-testid="terminal-paste"
      onKeyDown={(event) => event.key === "Escape" && end(undefined)}
    >
      <div className={css.pasteHead}>
        <strong>Paste {pasteLines(text)} lines?</strong>
        <span>The shell may run each of them.</span>
      </div>
      <pre className={css.pasteText}>{text.slice(0, 2000)}</pre>
      <div className={css.barActions}>
        <Button small tone="primary" onClick={() => end(text)}>
          Paste
        </Button>
        <Button small onClick={() => end(oneLine(text))}>
          Paste as one line
        </Button>
        <Button small tone="quiet" onClick={() => end(undefined)}>
          Cancel
        </Button>
        <Button
          small
          tone="quiet"
          onClick={() => {
            set({ warnOnMultilinePaste: false });
            end(text);
          }}
        >
          Paste and do not ask again
        </Button>
      </div>
    </div>
  );
}

const oneLine = (text: string) =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter(Boolean)
    .join(" ");
