import type { Command, CommandContext } from "../../state/commands";
import { editorIn } from "./registry";

const group = "Editor";
const inEditor = ({ pane }: CommandContext) => editorIn(pane?.id) !== undefined;

export const commands: Command[] = [
  {
    id: "editor.save",
    group,
    title: "Save",
    shortcut: "mod+s",
    when: inEditor,
    run: ({ pane }) => editorIn(pane?.id)?.save(),
  },
  {
    id: "editor.find",
    group,
    title: "Find and replace",
    shortcut: "mod+f",
    when: inEditor,
    run: ({ pane }) => editorIn(pane?.id)?.find(),
  },
  {
    id: "editor.goToLine",
    group,
    title: "Go to line…",
    shortcut: "mod+g",
    when: inEditor,
    run: ({ pane }) => editorIn(pane?.id)?.goToLine(),
  },
];
