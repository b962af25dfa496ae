import { Play } from "lucide-react";
import { memo } from "react";
import type { Cell } from "../model/types";
import css from "../Notebook.module.css";
import { countText, type Standing, standingWords } from "./standing";

/** The count of a code cell and how it stands; over it, the button that runs it. */
export const Gutter = memo(function Gutter({ cell, standing, onRun }: GutterProps) {
  if (cell.type !== "code") return <div className={css.gutter} />;
  const words = standingWords(standing);
  return (
    <div className={css.gutter} data-state={standing.state} data-status={standing.mark?.status}>
      <span className={css.count} title={words} data-testid="cell-count" data-stale={standing.stale}>
        {countText(standing, cell.count)}
      </span>
      <button type="button" className={css.runCell} aria-label="Run cell" tabIndex={-1} onClick={onRun}>
        <Play size={14} strokeWidth={1.6} aria-hidden="true" />
      </button>
    </div>
  );
});

interface GutterProps {
  cell: Cell;
  standing: Standing;
  onRun(): void;
}
