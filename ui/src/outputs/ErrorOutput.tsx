import { LongText } from "./LongText";
import css from "./outputs.module.css";

/** A traceback in its own colours; the error's name and words where it has none. */
export function ErrorOutput({
  ename,
  evalue,
  traceback,
}: {
  ename: string;
  evalue: string;
  traceback: string[];
}) {
  const text = traceback.length > 0 ? traceback.join("\n") : `${ename}: ${evalue}`;
  return (
    <section className={css.error} aria-label={`${ename}: ${evalue}`} data-testid="output-error">
      <LongText text={text} tone="error" />
    </section>
  );
}
