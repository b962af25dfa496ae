import { useEffect, useState } from "react";
import { Button } from "../../../kit";
import { tableShape } from "../../../outputs/table";
import type { Cell, Output } from "../model/types";
import css from "../Notebook.module.css";
import { useSession } from "../useNotebook";
import { durationText, endWords, type Standing } from "./standing";

/** The line under a cell: how long it took, what its table measures, why it did not run. */
export function CellFoot({ cell, standing }: { cell: Cell; standing: Standing }) {
  const { mark, state } = standing;
  const elapsed = useElapsed(state === "running" ? mark?.startedAt : undefined);
  if (state === "running") return <RunningFoot elapsed={elapsed} unresponsive={standing.unresponsive} />;
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

/** Whoever interrupted a run that goes on is shown the way out, and what it costs. */
function RunningFoot({ elapsed, unresponsive }: { elapsed: number; unresponsive?: boolean }) {
  const session = useSession();
  const text = elapsed >= 1000 ? `${durationText(elapsed)} …` : undefined;
  if (!unresponsive) return text ? <p className={css.foot}>{text}</p> : null;
  return (
    <div className={css.foot} role="status" data-testid="unresponsive">
      {[text, "Interrupted, but still running"].filter(Boolean).join(" · ")}
      <Button small onClick={() => session.restart()} data-testid="restart-unresponsive">
        Restart kernel
      </Button>
      <span>Its variables will be lost</span>
    </div>
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
