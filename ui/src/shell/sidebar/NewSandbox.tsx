import { Plus, SlidersHorizontal } from "lucide-react";
import { Button, IconButton, Spinner } from "../../kit";
import { createQuick, life } from "../../state/life";
import { world } from "../../state/sandboxes";
import { sheet } from "../uiState";
import css from "./Sidebar.module.css";

/** One click makes a working sandbox; the button beside it asks first. */
export function NewSandbox() {
  const creating = life((all) => all.creating);
  // With none yet, the page beside it has the one primary button.
  const empty = world(({ loaded, sandboxes }) => loaded && sandboxes.length === 0);
  const able = world(
    ({ engines, link }) => link.at === "live" && engines.some(({ state }) => state === "available"),
  );
  return (
    <div className={css.new} data-yields-focus>
      <Button
        className={css.newButton}
        tone={empty ? undefined : "primary"}
        disabled={!able || creating}
        onClick={createQuick}
        icon={creating ? <Spinner label="Creating" /> : <Plus size={16} aria-hidden="true" />}
        data-testid="new-sandbox"
      >
        New sandbox
      </Button>
      <IconButton
        className={css.newWith}
        icon={SlidersHorizontal}
        label="New sandbox with options…"
        disabled={!able}
        onClick={() => sheet.setState({ open: "new" })}
        data-testid="new-sandbox-with"
      />
    </div>
  );
}
