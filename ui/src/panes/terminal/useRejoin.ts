/** Getting a terminal back after its sandbox was away. */
import { useEffect, useState } from "react";
import type { Sandbox } from "../../api/wire/Sandbox";
import { notifyFailure } from "../../state/notices";
import type { LiveTerminal } from "./live";
import { reviveTerminal, type TerminalParams } from "./open";

/** Tries again as soon as the sandbox runs, and makes the shell anew when the sandbox has lost it. */
export function useRejoin(
  live: LiveTerminal | undefined,
  version: number,
  sandbox: Sandbox | undefined,
  params: TerminalParams,
): void {
  const running = sandbox?.state === "running";
  useEffect(() => {
    if (running && live?.lost) live.connection.retry();
  }, [running, live]);

  const [reviving, setReviving] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the state of the terminal
  useEffect(() => {
    if (!live || !running || reviving || !live.gone) return;
    setReviving(true);
    reviveTerminal(live.sandboxId, params)
      .then(
        () => live.startOver(),
        (thrown) => notifyFailure(thrown, "The terminal could not be started"),
      )
      .finally(() => setReviving(false));
  }, [live, version, running]);
}
