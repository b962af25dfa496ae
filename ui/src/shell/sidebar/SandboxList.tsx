import { Ellipsis, Search } from "lucide-react";
import { Fragment, type KeyboardEvent, useState } from "react";
import type { Sandbox } from "../../api/wire/Sandbox";
import { IconButton, Menu } from "../../kit";
import { askDelete, life } from "../../state/life";
import { world } from "../../state/sandboxes";
import { select, useSelectedId } from "../../state/selection";
import { useSetting } from "../../state/settings";
import { renaming } from "../uiState";
import { AskDelete } from "./AskDelete";
import { Filter } from "./Filter";
import { listMenu } from "./listMenu";
import { NewSandbox } from "./NewSandbox";
import { SandboxRow } from "./SandboxRow";
import { Section } from "./Section";
import css from "./Sidebar.module.css";
import { shown } from "./shown";

/** All sandboxes; arrows move the selection, F2 renames, Delete asks to delete. */
export function SandboxList() {
  const all = world(({ sandboxes }) => sandboxes);
  const selected = useSelectedId();
  const asking = life((one) => one.asking);
  const [filter, setFilter] = useState<string>();
  const order = useSetting("sandboxOrder");
  const list = shown(all, filter, order);
  return (
    <Section
      title="Sandboxes"
      actions={<Buttons onFilter={() => setFilter(filter === undefined ? "" : undefined)} />}
    >
      {filter !== undefined && <Filter value={filter} onChange={setFilter} />}
      {list.length > 0 && (
        <div
          id="sandbox-list"
          role="listbox"
          aria-label="Sandboxes"
          tabIndex={0}
          className={css.list}
          aria-activedescendant={selected && `sandbox-${selected}`}
          onKeyDown={(event) => onListKey(event, list, selected)}
        >
          {list.map((one) => (
            <Fragment key={one.id}>
              <SandboxRow one={one} selected={one.id === selected} />
              {asking === one.id && <AskDelete one={one} />}
            </Fragment>
          ))}
        </div>
      )}
      <NewSandbox />
    </Section>
  );
}

const Buttons = ({ onFilter }: { onFilter(): void }) => (
  <>
    <IconButton icon={Search} label="Filter sandboxes" onClick={onFilter} />
    <Menu items={listMenu}>
      <IconButton icon={Ellipsis} label="More" data-testid="sandboxes-menu" />
    </Menu>
  </>
);

function onListKey(event: KeyboardEvent<HTMLElement>, list: Sandbox[], selected: string | undefined) {
  const at = list.findIndex(({ id }) => id === selected);
  const goes: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 };
  const to = goes[event.key];
  // From a row that was clicked to the list itself, which keeps the focus while it is walked.
  if (to !== undefined) event.currentTarget.focus();
  if (to !== undefined) select(list[Math.min(Math.max(to, 0), list.length - 1)]?.id);
  else if (event.key === "F2") renaming.setState({ id: selected });
  else if (event.key === "Delete") askDelete(selected);
  else return;
  event.preventDefault();
  // F2 and Delete are not for the pane in use while the list has the focus.
  event.stopPropagation();
}
