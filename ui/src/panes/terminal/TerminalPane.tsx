import "@xterm/xterm/css/xterm.css";
import { type MouseEvent, useCallback, useEffect, useRef, useState } from "react";
import { restartTerminal } from "../../api/terminals";
import { ContextMenu } from "../../kit";
import { mayTakeFocus } from "../../kit/focus";
import { notifyFailure } from "../../state/notices";
import { dockOf, type PaneProps } from "../../state/panes";
import { useSandbox } from "../../state/sandboxes";
import { attachClipboard } from "./clipboard";
import { EndBar } from "./EndBar";
import { FindBar } from "./FindBar";
import { useFolder } from "./folder";
import { LinkBar } from "./LinkBar";
import { screenMenu } from "./menus";
import { NewTerminal } from "./NewTerminal";
import type { TerminalParams } from "./open";
import { PasteBar } from "./PasteBar";
import css from "./Terminal.module.css";
import { useFitting, useLive, useLiveVersion } from "./useLive";
import { useRejoin } from "./useRejoin";

/** A terminal's tab, or the question what to start in it. */
export const TerminalPane = (props: PaneProps<TerminalParams>) =>
  props.params.id ? <Shown {...props} id={props.params.id} /> : <NewTerminal {...props} />;

function Shown({ sandboxId, params, pane, visible, id }: PaneProps<TerminalParams> & { id: string }) {
  const element = useRef<HTMLDivElement>(null);
  const live = useLive(sandboxId, id, pane.id, element);
  const version = useLiveVersion(live);
  const sandbox = useSandbox(sandboxId);
  const [pasting, setPasting] = useState<string>();
  useFolder(live, sandboxId, visible);
  useFitting(live, element, visible);
  useRejoin(live, version, sandbox, params, pane);
  useEffect(
    () => (live && element.current ? attachClipboard(live, element.current, setPasting) : undefined),
    [live],
  );
  useEffect(() => {
    if (live && visible && mayTakeFocus() && dockOf(sandboxId)?.active()?.id === pane.id) live.focus();
  }, [live, visible, sandboxId, pane.id]);

  const restart = useCallback(() => {
    restartTerminal(sandboxId, id).catch((thrown) => notifyFailure(thrown, "The shell was not restarted"));
    live?.focus();
  }, [sandboxId, id, live]);
  const exit = live?.connection.exit;

  return (
    <div
      className={css.pane}
      data-testid="terminal"
      data-terminal-id={id}
      data-phase={live?.connection.phase.name}
    >
      {live && (
        <div className={css.above}>
          <LinkBar live={live} sandbox={sandbox} onClose={pane.close} />
        </div>
      )}
      <ContextMenu items={() => (live ? screenMenu(live, pane.id, setPasting) : [])}>
        <div className={css.body} onContextMenuCapture={(event) => leaveToProgram(event, live?.mouseTaken)}>
          <div ref={element} className={css.screen} />
        </div>
      </ContextMenu>
      {live?.finding && <FindBar live={live} onClose={() => live.setFinding(false)} />}
      {live && pasting !== undefined && (
        <PasteBar live={live} text={pasting} onDone={() => setPasting(undefined)} />
      )}
      {live && exit && <EndBar live={live} exit={exit} onRestart={restart} onClose={pane.close} />}
    </div>
  );
}

/** A right click belongs to a program that follows the mouse; with Shift it is the window's. */
function leaveToProgram(event: MouseEvent, taken: boolean | undefined) {
  if (!taken || event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation();
}
