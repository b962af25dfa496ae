import { memo, useMemo } from "react";
import { texAt, texToHtml } from "./math";
import css from "./outputs.module.css";

/** A `text/latex` output: TeX in its own dollars or bare. */
export const Latex = memo(function Latex({ text }: { text: string }) {
  const html = useMemo(() => latexToHtml(text.trim()), [text]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: KaTeX makes it, with trust off
  return <div className={css.latex} data-testid="output-latex" dangerouslySetInnerHTML={{ __html: html }} />;
});

function latexToHtml(text: string): string {
  const found = texAt(text, 0);
  const whole = found && found.length === text.length;
  return texToHtml(whole ? found.tex : text, whole ? found.display : true);
}
