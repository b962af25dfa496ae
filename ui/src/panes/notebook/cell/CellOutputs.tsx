import { memo } from "react";
import { OutputView } from "../../../outputs/OutputView";
import type { Output } from "../model/types";
import css from "../Notebook.module.css";

interface CellOutputsProps {
  outputs: Output[];
  /** They are of an earlier run and about to be replaced. */
  fading: boolean;
  onFocus(): void;
  onEscape(): void;
}

/** What a cell printed, in order. */
export const CellOutputs = memo(function CellOutputs({
  outputs,
  fading,
  onFocus,
  onEscape,
}: CellOutputsProps) {
  if (outputs.length === 0) return null;
  return (
    <div className={css.outputs} data-fading={fading || undefined} data-testid="cell-outputs">
      {outputs.map((output, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: outputs come in order and change in their place
        <OutputView key={at} output={output} onFocus={onFocus} onEscape={onEscape} />
      ))}
    </div>
  );
});
