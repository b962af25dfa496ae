import { useRef } from "react";
import { Loading } from "../kit";
import { world } from "../state/sandboxes";
import { useSelected } from "../state/selection";
import { useSetting } from "../state/settings";
import css from "./App.module.css";
import { Dock } from "./dock/Dock";
import { Panel } from "./Panel";

/** Docks that stay in the document: the one in view and those seen last. */
const KEPT = 4;

function useKept(id: string | undefined, there: string[]): string[] {
  const kept = useRef<string[]>([]);
  const seen = kept.current.filter((one) => one !== id && there.includes(one));
  kept.current = (id ? [id, ...seen] : seen).slice(0, KEPT);
  return kept.current;
}

/** The panes of the sandbox in view over the bottom panel. */
export function Main() {
  const selected = useSelected();
  const sandboxes = world((all) => all.sandboxes);
  const loaded = world((all) => all.loaded);
  const panelOpen = useSetting("panelOpen");
  const kept = useKept(
    selected?.id,
    sandboxes.map(({ id }) => id),
  );
  return (
    <main className={css.main}>
      <div className={css.docks}>
        {!loaded && <Loading />}
        {[...kept].sort().map((id) => (
          <Dock key={id} sandboxId={id} shown={id === selected?.id} />
        ))}
      </div>
      {selected && panelOpen && <Panel sandboxId={selected.id} />}
    </main>
  );
}
