import { memo, useMemo, useState } from "react";
import { AnsiText } from "./AnsiText";
import { excerpt, pieces } from "./lines";
import css from "./outputs.module.css";

/** Text as it comes: all of it while it is short, else its beginning and end with the rest at hand. */
export const LongText = memo(function LongText({ text, tone }: { text: string; tone?: "stderr" | "error" }) {
  const [all, showAll] = useState(false);
  const shown = useMemo(() => (all ? undefined : excerpt(text)), [all, text]);
  if (!shown) return <WholeText text={text} tone={tone} onLess={() => showAll(false)} />;
  return (
    <div className={css.stream} data-tone={tone}>
      <AnsiText text={shown.head} />
      {shown.hidden > 0 && (
        <>
          <button
            type="button"
            className={css.more}
            onClick={() => showAll(true)}
            data-testid="output-show-all"
          >
            {shown.hidden.toLocaleString("en-US")} more lines · Show all
          </button>
          <AnsiText text={shown.tail} />
        </>
      )}
    </div>
  );
});

function WholeText({ text, tone, onLess }: { text: string; tone?: "stderr" | "error"; onLess(): void }) {
  const parts = useMemo(() => pieces(text), [text]);
  return (
    <div className={css.stream} data-tone={tone}>
      <button type="button" className={css.more} onClick={onLess}>
        Show less
      </button>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className={css.whole} tabIndex={0} aria-label="Whole output">
        {parts.map((part, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end
          <AnsiText key={at} text={part} />
        ))}
      </section>
    </div>
  );
}
