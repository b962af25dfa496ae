import type { IDockviewPanel } from "dockview-react";
import { useRef } from "react";
import { selectAll } from "../../kit/focus";
import { notifyFailure } from "../../state/notices";
import { dockOf, paneType } from "../../state/panes";
import css from "./Dock.module.css";
import { openPaneOf } from "./handle";
import { setTab, tabKey } from "./tabs";

/** The name of a tab while it is being changed: Enter takes it, Escape does not. */
export function TabName({ sandboxId, panel }: { sandboxId: string; panel?: IDockviewPanel }) {
  const over = useRef(false);
  if (!panel) return null;
  const end = async (name: string | undefined) => {
    if (over.current) return;
    over.current = true;
    setTab(tabKey(sandboxId, panel.id), { renaming: false });
    if (!name || name === panel.title) return;
    try {
      await paneType(panel.view.contentComponent)?.rename?.(openPaneOf(sandboxId, panel), name);
      panel.api.setTitle(name);
    } catch (thrown) {
      notifyFailure(thrown, "The tab was not renamed");
    }
  };
  return (
    <input
      className={css.rename}
      aria-label="Name of the tab"
      defaultValue={panel.title}
      data-keeps-focus
      ref={selectAll}
      onBlur={(event) => end(event.target.value.trim())}
      onPointerDown={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== "Enter" && event.key !== "Escape") return;
        void end(event.key === "Enter" ? event.currentTarget.value.trim() : undefined);
        dockOf(sandboxId)?.focusActive();
      }}
    />
  );
}
