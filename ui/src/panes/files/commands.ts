import type { Command, CommandContext } from "../../state/commands";
import { openPane } from "../../state/panes";
import { set, settings } from "../../state/settings";
import { type FileBrowser, filesOf } from "./browser";
import { startNew } from "./menu";

const running = ({ sandbox }: CommandContext) => sandbox?.state === "running";
const withFiles =
  (run: (files: FileBrowser) => void) =>
  ({ sandbox }: CommandContext) =>
    sandbox && run(filesOf(sandbox.id));
const group = "Files";

export const commands: Command[] = [
  {
    id: "files.newFile",
    group,
    title: "New file…",
    when: running,
    run: withFiles((files) => {
      openPane("files");
      startNew(files, "file");
    }),
  },
  {
    id: "files.newFolder",
    group,
    title: "New folder…",
    when: running,
    run: withFiles((files) => {
      openPane("files");
      startNew(files, "folder");
    }),
  },
  { id: "files.refresh", group, title: "Refresh", when: running, run: withFiles((files) => files.refresh()) },
  {
    id: "files.collapseAll",
    group,
    title: "Collapse all",
    when: running,
    run: withFiles((files) => files.collapseAll()),
  },
  {
    id: "files.hidden",
    group,
    title: "Show or hide hidden files",
    run: () => set({ showHidden: !settings.getState().showHidden }),
  },
  {
    id: "files.focus",
    group,
    title: "Go to the files",
    shortcut: "mod+shift+e",
    when: running,
    run: () => {
      openPane("files");
      document.querySelector<HTMLElement>("[data-testid=file-tree]")?.focus();
    },
  },
];
