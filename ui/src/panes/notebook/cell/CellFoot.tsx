import { useEffect, useState } from "react";
import { tableShape } from "../../../outputs/table";
import type { Cell, Output } from "../model/types";
import css from "../Notebook.module.css";
import { durationText, endWords, type Standing } from "./standing";

/** The line under a cell: how long it took, what its table measures, why it did not run. */
export function CellFoot({ cell, standing }: { cell: Cell; standing: Standing }) {
  const { mark, state } = standing;
  const elapsed = useElapsed(state === "running" ? mark?.startedAt : undefined);
  if (state === "running")
    return elapsed >= 1000 ? <p className={css.foot}>{durationText(elapsed)} …</p> : null;
  if (state !== "ran") return null;
  const took =
    mark?.durationMs === undefined || mark.status === "aborted" ? undefined : durationText(mark.durationMs);
  const words = [took, shapeOf(cell.outputs), endWords(standing)].filter(Boolean);
  if (words.length === 0) return null;
  return (
    <p className={css.foot} data-testid="cell-foot">
      {words.join(" · ")}
    </p>
  );
}

function shapeOf(outputs: Output[]): string | undefined {
  const last = outputs.at(-1);
  return last?.kind === "display" ? tableShape(last.data["text/html"]) : undefined;
}

/** Milliseconds since then, told each second. */
function useElapsed(since: number | undefined): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (since === undefined) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [since]);
  return since === undefined ? 0 : Math.max(0, now - since);
}
