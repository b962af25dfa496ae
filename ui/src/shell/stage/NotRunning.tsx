import { Play, SlidersHorizontal } from "lucide-react";
import type { Sandbox } from "../../api/wire/Sandbox";
import { Button, Empty, Spinner } from "../../kit";
import { turn, useDoing } from "../../state/life";
import { useEngine } from "../../state/sandboxes";
import { death, doingWords } from "../../state/words";
import { sheet } from "../uiState";
import css from "./Stage.module.css";

/** A sandbox that is stopped, paused, coming up, or dead: what it is, and the way on. */
export function NotRunning({ one }: { one: Sandbox }) {
  const doing = useDoing(one.id);
  if (doing || one.state === "creating")
    return (
      <div className={css.busy} role="status">
        <Spinner size={16} /> {one.name} is {doing ? doingWords[doing] : "starting"}…
      </div>
    );
  if (one.state === "failed") return <Died one={one} />;
  const paused = one.state === "paused";
  return (
    <Empty
      data-testid="state-stopped"
      title={paused ? `${one.name} is paused` : `${one.name} is stopped`}
      actions={
        <StartButton one={one} verb={paused ? "resume" : "start"} label={paused ? "Resume" : "Start"} />
      }
    >
      {paused
        ? "Its processes hold still, with all they had in memory."
        : "Its files are kept. Its processes and terminals have ended."}
    </Empty>
  );
}

function Died({ one }: { one: Sandbox }) {
  const { title, advice, limits } = death(one, useEngine(one.engine));
  return (
    <Empty
      data-testid="state-died"
      title={title}
      actions={
        <>
          <StartButton one={one} verb="start" label="Start" />
          {limits && (
            <Button
              icon={<SlidersHorizontal size={16} aria-hidden="true" />}
              onClick={() => sheet.setState({ open: "edit", id: one.id })}
            >
              Change limits…
            </Button>
          )}
        </>
      }
    >
      {one.reason && <p className={css.why}>{one.reason.message}</p>}
      <p>{advice}</p>
    </Empty>
  );
}

const StartButton = ({ one, verb, label }: { one: Sandbox; verb: "start" | "resume"; label: string }) => (
  <Button
    tone="primary"
    icon={<Play size={16} aria-hidden="true" />}
    onClick={() => turn(one.id, verb)}
    data-testid="stage-start"
  >
    {label}
  </Button>
);
