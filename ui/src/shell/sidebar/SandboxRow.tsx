import type { Sandbox } from "../../api/wire/Sandbox";
import { ContextMenu, Dot } from "../../kit";
import { age, bytes, percent } from "../../kit/format";
import { useDoing } from "../../state/life";
import { dockOf } from "../../state/panes";
import { select } from "../../state/selection";
import { useUsage } from "../../state/stats";
import { doingWords, stateWords, toneOf } from "../../state/words";
import { sandboxMenu } from "../sandboxMenu";
import { renaming } from "../uiState";
import { SandboxName } from "./SandboxName";
import css from "./SandboxRow.module.css";

/** One sandbox of the list: state, name and use; engine, image and age. */
export function SandboxRow({ one, selected }: { one: Sandbox; selected: boolean }) {
  const doing = useDoing(one.id);
  const isRenaming = renaming((all) => all.id === one.id);
  const state = doing ? doingWords[doing] : stateWords(one);
  return (
    <ContextMenu items={() => sandboxMenu(one)}>
      <div
        id={`sandbox-${one.id}`}
        role="option"
        aria-selected={selected}
        aria-label={`${one.name}, ${state}`}
        tabIndex={-1}
        data-yields-focus
        className={css.row}
        onClick={() => (selected ? dockOf(one.id)?.focusActive() : select(one.id))}
        onContextMenu={() => select(one.id)}
        onDoubleClick={() => renaming.setState({ id: one.id })}
        onKeyDown={() => {}}
        data-testid={`sandbox-${one.id}`}
        data-state-of={one.state}
      >
        <div className={css.first}>
          <Dot tone={doing ? "busy" : toneOf[one.state]} />
          {isRenaming ? <SandboxName one={one} /> : <span className={css.name}>{one.name}</span>}
          {!isRenaming && <Use one={one} selected={selected} state={state} plain={Boolean(doing)} />}
        </div>
        <div className={css.about}>{[one.engine, one.image, age(one.createdAt)].join(" · ")}</div>
      </div>
    </ContextMenu>
  );
}

/** Processor and memory while it runs, its state in words otherwise. */
function Use({
  one,
  selected,
  state,
  plain,
}: {
  one: Sandbox;
  selected: boolean;
  state: string;
  plain: boolean;
}) {
  const running = one.state === "running";
  const usage = useUsage(one.id, running, selected ? 2000 : 6000);
  if (plain || !running)
    return (
      <span className={css.use} data-bad={one.state === "failed" || undefined}>
        {state}
      </span>
    );
  if (!usage) return null;
  const parts = [
    usage.cpuPercent === undefined ? undefined : percent(usage.cpuPercent),
    bytes(usage.memoryBytes),
  ];
  return <span className={css.use}>{parts.filter(Boolean).join(" · ")}</span>;
}
