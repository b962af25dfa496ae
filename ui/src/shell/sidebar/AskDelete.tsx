import type { Sandbox } from "../../api/wire/Sandbox";
import { Button } from "../../kit";
import { askDelete, deleteForGood } from "../../state/life";
import css from "./SandboxRow.module.css";

/** Asked in place, since what dies here cannot be brought back. */
export function AskDelete({ one }: { one: Sandbox }) {
  const keep = () => {
    askDelete(undefined);
    document.getElementById("sandbox-list")?.focus();
  };
  return (
    <div
      className={css.ask}
      role="alertdialog"
      aria-label={`Delete ${one.name}?`}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") keep();
      }}
    >
      <p>
        Delete <b>{one.name}</b> with all its files? This cannot be undone.
      </p>
      <div className={css.askButtons}>
        <Button
          small
          tone="danger"
          autoFocus
          onClick={() => deleteForGood(one.id)}
          data-testid="delete-confirm"
        >
          Delete for good
        </Button>
        <Button small onClick={keep}>
          Keep
        </Button>
      </div>
    </div>
  );
}
