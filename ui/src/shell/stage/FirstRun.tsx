import { Plus } from "lucide-react";
import { Button, Spinner } from "../../kit";
import { createQuick, life } from "../../state/life";
import { world } from "../../state/sandboxes";
import { sheet } from "../uiState";
import { EngineFindings } from "./EngineFindings";
import css from "./Stage.module.css";

/** No sandbox yet: what is found here, what is missing and how to mend it, and one button. */
export function FirstRun() {
  const engines = world((all) => all.engines);
  const creating = life((all) => all.creating);
  const able = engines.some(({ state }) => state === "available");
  return (
    <div className={css.first} data-testid="first-run">
      <h1 className={css.hello}>{able ? "Ready for a sandbox" : "Almost ready"}</h1>
      <p className={css.lead}>
        {able
          ? "A sandbox is a Linux of its own, on this machine: a terminal, files, notebooks and ports. It needs no account and no network."
          : "No engine can run a sandbox here yet. Mend one of these; it is looked at again by itself."}
      </p>
      <div className={css.actions}>
        <Button
          tone="primary"
          disabled={!able || creating}
          onClick={createQuick}
          icon={creating ? <Spinner label="Creating" /> : <Plus size={16} aria-hidden="true" />}
          data-testid="first-sandbox"
        >
          New sandbox
        </Button>
        <Button disabled={!able} onClick={() => sheet.setState({ open: "new" })}>
          With options…
        </Button>
      </div>
      <h2 className={css.found}>Found on this machine</h2>
      {engines.map((engine) => (
        <EngineFindings key={engine.id} engine={engine} />
      ))}
    </div>
  );
}
