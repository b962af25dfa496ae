import type { IDockviewHeaderActionsProps } from "dockview-react";
import { ChevronDown, Columns2, Plus } from "lucide-react";
import { cx, IconButton, Menu } from "../../kit";
import { runCommand, shortcutOf } from "../../state/commands";
import css from "./Dock.module.css";
import { newMenu } from "./newMenu";

/** Beside the last tab of a group: another terminal, and what else a tab can be. */
export const NewTab = ({ group }: IDockviewHeaderActionsProps) => {
  const here = () => group.activePanel?.api.setActive();
  return (
    <div className={css.group}>
      <IconButton
        icon={Plus}
        label="New terminal"
        shortcut={shortcutOf("terminal.new")}
        data-testid="new-terminal"
        onClick={() => {
          here();
          void runCommand("terminal.new");
        }}
      />
      <Menu items={() => newMenu(here)} align="start">
        <IconButton
          icon={ChevronDown}
          label="New notebook or terminal"
          className={css.more}
          data-testid="new-menu"
        />
      </Menu>
    </div>
  );
};

/** At the right of a group: split it. */
export const GroupActions = ({ group }: IDockviewHeaderActionsProps) => (
  <div className={cx(css.group, css.split)}>
    <IconButton
      icon={Columns2}
      label="Split right"
      shortcut={shortcutOf("pane.splitRight")}
      onClick={() => {
        group.activePanel?.api.setActive();
        void runCommand("pane.splitRight");
      }}
    />
  </div>
);
