import { useSelected } from "../../state/selection";
import { set, useSetting } from "../../state/settings";
import { Splitter } from "../Splitter";
import { SandboxList } from "./SandboxList";
import css from "./Sidebar.module.css";
import { SideSections } from "./SideSections";

/** The left side: all sandboxes, and under them what belongs to the one in view. */
export function Sidebar() {
  const width = useSetting("sidebarWidth");
  const sandbox = useSelected();
  return (
    <aside className={css.side} aria-label="Sidebar" data-testid="sidebar">
      <SandboxList />
      {sandbox && <SideSections sandbox={sandbox} />}
      <Splitter
        edge="right"
        value={width}
        least={180}
        most={520}
        onChange={(sidebarWidth) => set({ sidebarWidth })}
      />
    </aside>
  );
}
