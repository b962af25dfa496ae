/** Getting a terminal back after its sandbox was away. */
import { useEffect, useState } from "react";
import type { Sandbox } from "../../api/wire/Sandbox";
import { notifyFailure } from "../../state/notices";
import type { PaneHandle } from "../../state/panes";
import type { LiveTerminal } from "./live";
import { reviveTerminal, type TerminalParams } from "./open";

/**
 * Tries again as soon as the sandbox runs. A terminal that the sandbox lost by a stop is made anew; one that is
 * gone although the sandbox has run all along was closed in another window, so its tab closes here as well.
 */
export function useRejoin(
  live: LiveTerminal | undefined,
  version: number,
  sandbox: Sandbox | undefined,
  params: TerminalParams,
  pane: PaneHandle<TerminalParams>,
): void {
  const running = sandbox?.state === "running";
  useEffect(() => {
    if (running && live?.lost) live.connection.retry();
  }, [running, live]);

  const [reviving, setReviving] = useState(false);
  const startedAt = sandbox?.startedAt;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the state of the terminal
  useEffect(() => {
    if (!live || !running || reviving || !live.gone) return;
    if (params.startedAt !== undefined && params.startedAt === startedAt) {
      pane.close();
      return;
    }
    setReviving(true);
    reviveTerminal(live.sandboxId, params)
      .then(
        () => {
          pane.setParams({ startedAt });
          live.startOver();
        },
        (thrown) => notifyFailure(thrown, "The terminal could not be started"),
      )
      .finally(() => setReviving(false));
  }, [live, version, running]);
}
