import { ArrowDown, ArrowUp, CaseSensitive, Regex, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { IconButton } from "../../kit";
import type { LiveTerminal } from "./live";
import css from "./Terminal.module.css";

/** Find in the scrollback: as it is typed, with a count; Enter goes up through the past, Shift+Enter down. */
export function FindBar({ live, onClose }: { live: LiveTerminal; onClose(): void }) {
  const [text, setText] = useState("");
  const [regex, setRegex] = useState(false);
  const [caseSensitive, setCaseSensitive] = useState(false);
  const [found, setFound] = useState({ at: -1, count: 0 });
  const input = useRef<HTMLInputElement>(null);
  const { search } = live.screen;

  useEffect(() => input.current?.select(), []);
  useEffect(() => {
    const heard = search.onDidChangeResults(({ resultIndex, resultCount }) =>
      setFound({ at: resultIndex, count: resultCount }),
    );
    return () => {
      heard.dispose();
      search.clearDecorations();
    };
  }, [search]);

  const find = (back: boolean, term = text, more = { regex, caseSensitive }) => {
    if (!term) {
      search.clearDecorations();
      setFound({ at: -1, count: 0 });
      return;
    }
    const options = { ...more, decorations: live.screen.searchColors };
    if (!valid(term, more.regex)) setFound({ at: -1, count: 0 });
    else if (back) search.findPrevious(term, options);
    else search.findNext(term, options);
  };
  const close = () => {
    onClose();
    live.focus();
  };

  return (
    <search className={css.find} aria-label="Find in the terminal">
      <input
        ref={input}
        className={css.findInput}
        aria-label="Find"
        placeholder="Find"
        data-testid="terminal-find"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          find(true, event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") find(!event.shiftKey);
          if (event.key === "Escape") close();
        }}
      />
      <span className={css.findCount} role="status" data-testid="terminal-find-count">
        {words(text, found)}
      </span>
      <IconButton
        icon={CaseSensitive}
        label="Match case"
        aria-pressed={caseSensitive}
        onClick={() => {
          setCaseSensitive(!caseSensitive);
          find(true, text, { regex, caseSensitive: !caseSensitive });
        }}
      />
      <IconButton
        icon={Regex}
        label="Regular expression"
        aria-pressed={regex}
        onClick={() => {
          setRegex(!regex);
          find(true, text, { regex: !regex, caseSensitive });
        }}
      />
      <IconButton icon={ArrowUp} label="Previous match" onClick={() => find(true)} />
      <IconButton icon={ArrowDown} label="Next match" onClick={() => find(false)} />
      <IconButton icon={X} label="Close" shortcut="escape" onClick={close} />
    </search>
  );
}

function valid(term: string, regex: boolean): boolean {
  try {
    return !regex || new RegExp(term) !== undefined;
  } catch {
    return false;
  }
}

function words(text: string, { at, count }: { at: number; count: number }): string {
  if (!text) return "";
  if (count === 0) return "None";
  return at < 0 ? `${count}+` : `${at + 1} of ${count}`;
}
