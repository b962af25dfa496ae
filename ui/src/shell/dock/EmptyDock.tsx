import { BookText, SquareTerminal } from "lucide-react";
import { Button, Empty, Keys } from "../../kit";
import { runCommand, shortcutOf } from "../../state/commands";

/** A dock without tabs. */
export const EmptyDock = () => (
  <Empty
    title="Nothing is open"
    actions={
      <>
        <Button
          tone="primary"
          icon={<SquareTerminal size={16} aria-hidden="true" />}
          onClick={() => void runCommand("terminal.new")}
        >
          New terminal
        </Button>
        <Button
          icon={<BookText size={16} aria-hidden="true" />}
          onClick={() => void runCommand("notebook.new")}
        >
          New Python notebook
        </Button>
      </>
    }
  >
    Open a terminal or a notebook, or pick a file in the tree at the left.{" "}
    <Keys shortcut={shortcutOf("palette.open") ?? ""} /> lists everything there is to do.
  </Empty>
);
