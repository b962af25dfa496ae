import { yieldFocus } from "../../kit/focus";
import type { Command, CommandContext } from "../../state/commands";
import { openPane, type Where } from "../../state/panes";
import { focusTerminal, newTerminal, PANE } from "./open";
import { liveIn } from "./registry";

const running = ({ sandbox }: CommandContext) => sandbox?.state === "running";
const inTerminal = ({ pane }: CommandContext) => liveIn(pane?.id) !== undefined;
const make =
  (where?: Where) =>
  ({ sandbox }: CommandContext) => {
    yieldFocus();
    return sandbox && newTerminal(sandbox.id, {}, where);
  };

const group = "Terminal";

export const commands: Command[] = [
  { id: "terminal.new", group, title: "New terminal", shortcut: "mod+shift+`", when: running, run: make() },
  {
    id: "terminal.newIn",
    group,
    title: "New terminal in a session…",
    when: running,
    run: ({ sandbox }) => openPane(PANE, {}, { sandboxId: sandbox?.id }),
  },
  {
    id: "terminal.focus",
    group,
    title: "Go to the terminal",
    shortcut: "mod+`",
    when: running,
    run: ({ sandbox }) => sandbox && focusTerminal(sandbox.id),
  },
  { id: "terminal.splitRight", group, title: "Split right", when: running, run: make("right") },
  { id: "terminal.splitDown", group, title: "Split down", when: running, run: make("below") },
  {
    id: "terminal.find",
    group,
    title: "Find in the terminal",
    shortcut: "mod+shift+f",
    when: inTerminal,
    run: ({ pane }) => liveIn(pane?.id)?.setFinding(true),
  },
  {
    id: "terminal.clear",
    group,
    title: "Clear",
    shortcut: "mod+shift+k",
    when: inTerminal,
    run: ({ pane }) => liveIn(pane?.id)?.clear(),
  },
];
