import { turn } from "../../api/gateway";
import type { Sandbox } from "../../api/wire/Sandbox";
import { Button, Disconnected, Dot } from "../../kit";
import { notifyFailure } from "../../state/notices";
import type { LiveTerminal } from "./live";
import css from "./Terminal.module.css";

/** Above a terminal that cannot be reached: why, when it is tried again, and what to do. */
export function LinkBar({
  live,
  sandbox,
  onClose,
}: {
  live: LiveTerminal;
  sandbox?: Sandbox;
  onClose(): void;
}) {
  const { phase } = live.connection;
  if (sandbox && sandbox.state !== "running") return <Away sandbox={sandbox} />;
  if (phase.name === "waiting" || (phase.name === "connecting" && live.wasLost))
    return (
      <Disconnected
        retryAt={phase.name === "waiting" ? phase.retryAt : undefined}
        onRetry={() => live.connection.retry()}
      >
        <span>{live.overfull ? "No more input can be held." : "What you type is kept."}</span>
      </Disconnected>
    );
  if (phase.name !== "failed" || live.gone) return null;
  return (
    <div className={css.bar} role="alert" data-testid="terminal-failed">
      <Dot tone="bad" />
      <span>
        {phase.message} <code>{phase.code}</code>
      </span>
      <span className={css.space} />
      <Button small onClick={() => live.connection.retry()}>
        Retry
      </Button>
      <Button small tone="quiet" onClick={onClose}>
        Close
      </Button>
    </div>
  );
}

/** The sandbox stands still or is off: one button brings it back, and the terminal with it. */
function Away({ sandbox }: { sandbox: Sandbox }) {
  const paused = sandbox.state === "paused";
  if (sandbox.state === "creating") return null;
  return (
    <div className={css.bar} role="status" data-testid="state-stopped">
      <Dot tone={paused ? "paused" : "off"} />
      <span>
        {sandbox.name} is {paused ? "paused" : "not running"}.
      </span>
      <span className={css.space} />
      <Button
        small
        tone="primary"
        onClick={() => void turn(sandbox.id, paused ? "resume" : "start").catch(notifyFailure)}
      >
        {paused ? "Resume" : "Start"}
      </Button>
    </div>
  );
}
