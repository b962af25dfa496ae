import { useRef } from "react";
import { world } from "../state/sandboxes";
import { useSelected } from "../state/selection";
import { useSetting } from "../state/settings";
import css from "./App.module.css";
import { Dock } from "./dock/Dock";
import { Panel } from "./Panel";
import { Stage } from "./stage/Stage";

/** Docks that stay in the document: the one in view and those seen last. */
const KEPT = 4;

/** The sandboxes whose docks stay: seen running and still there. */
function useKept(): string[] {
  const sandboxes = world((all) => all.sandboxes);
  const selected = useSelected();
  const kept = useRef<string[]>([]);
  const now = selected?.state === "running" ? [selected.id] : [];
  const before = kept.current.filter((id) => !now.includes(id) && sandboxes.some((one) => one.id === id));
  kept.current = [...now, ...before].slice(0, KEPT);
  return [...kept.current].sort();
}

/** The panes of the sandbox in view over the bottom panel. */
export function Main() {
  const selected = useSelected();
  const panelOpen = useSetting("panelOpen");
  const kept = useKept();
  const running = selected?.state === "running";
  return (
    <main className={css.main}>
      <div className={css.docks}>
        {kept.map((id) => (
          <Dock key={id} sandboxId={id} shown={id === selected?.id && running} />
        ))}
        <Stage />
      </div>
      {selected && running && panelOpen && <Panel sandboxId={selected.id} />}
    </main>
  );
}
