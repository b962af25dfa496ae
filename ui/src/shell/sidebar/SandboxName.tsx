import { useRef } from "react";
import type { Sandbox } from "../../api/wire/Sandbox";
import { selectAll } from "../../kit/focus";
import { change } from "../../state/life";
import { notifyFailure } from "../../state/notices";
import { renaming } from "../uiState";
import css from "./SandboxRow.module.css";

/** A sandbox's name while it is being changed: Enter or leaving takes it, Escape does not. */
export function SandboxName({ one }: { one: Sandbox }) {
  const over = useRef(false);
  const end = async (name?: string) => {
    if (over.current) return;
    over.current = true;
    renaming.setState({ id: undefined });
    document.getElementById("sandbox-list")?.focus();
    if (name && name !== one.name)
      await change(one.id, { name }).catch((thrown) => notifyFailure(thrown, "It was not renamed"));
  };
  return (
    <input
      className={css.rename}
      aria-label={`New name of ${one.name}`}
      data-testid="sandbox-name"
      defaultValue={one.name}
      maxLength={100}
      spellCheck={false}
      ref={selectAll}
      onClick={(event) => event.stopPropagation()}
      onBlur={(event) => end(event.target.value.trim())}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") void end(event.currentTarget.value.trim());
        if (event.key === "Escape") void end();
      }}
    />
  );
}
