import type { IDockviewHeaderActionsProps } from "dockview-react";
import { Columns2, Plus } from "lucide-react";
import { IconButton } from "../../kit";
import { runCommand, shortcutOf } from "../../state/commands";
import css from "./Dock.module.css";

/** Beside the last tab of a group: another terminal. */
export const NewTab = ({ group }: IDockviewHeaderActionsProps) => (
  <div className={css.group}>
    <IconButton
      icon={Plus}
      label="New terminal"
      shortcut={shortcutOf("terminal.new")}
      data-testid="new-terminal"
      onClick={() => {
        group.activePanel?.api.setActive();
        void runCommand("terminal.new");
      }}
    />
  </div>
);

/** At the right of a group: split it. */
export const GroupActions = ({ group }: IDockviewHeaderActionsProps) => (
  <div className={css.group}>
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
