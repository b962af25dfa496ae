import { RotateCw } from "lucide-react";
import { useEffect } from "react";
import { Button, Dot, Keys } from "../../kit";
import type { Exit } from "./connection";
import type { LiveTerminal } from "./live";
import css from "./Terminal.module.css";

/** Below a terminal whose shell has ended: how it ended, and a new shell in the same place. */
export function EndBar({ live, exit, onRestart, onClose }: EndBarProps) {
  useEffect(() => {
    const onEnter = live.screen.term.onKey(({ domEvent }) => {
      if (domEvent.key === "Enter") onRestart();
    });
    return () => onEnter.dispose();
  }, [live, onRestart]);
  return (
    <div className={css.bar} role="status" data-testid="terminal-ended" data-exit-code={exit.code}>
      <Dot tone={exit.code === 0 ? "off" : "bad"} />
      <span>{ending(exit)}</span>
      <span>
        Press <Keys shortcut="enter" /> for a new one.
      </span>
      <span className={css.space} />
      <Button small tone="primary" icon={<RotateCw size={14} aria-hidden="true" />} onClick={onRestart}>
        Restart
      </Button>
      <Button small tone="quiet" onClick={onClose}>
        Close
      </Button>
    </div>
  );
}

interface EndBarProps {
  live: LiveTerminal;
  exit: Exit;
  onRestart(): void;
  onClose(): void;
}

/** How a shell ended, for people. */
export function ending({ code, signal }: Exit): string {
  if (signal) return `The shell was ended by ${signal} (exit code ${code}).`;
  return code === 0 ? "The shell ended (exit code 0)." : `The shell ended with exit code ${code}.`;
}
