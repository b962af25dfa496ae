import {
  BookText,
  ChevronsDownUp,
  Clipboard,
  Copy,
  CopyPlus,
  Download,
  Eye,
  EyeOff,
  FilePlus,
  FolderPlus,
  Pencil,
  RefreshCw,
  Scissors,
  SquareTerminal,
  Trash2,
} from "lucide-react";
import type { MenuItem } from "../../kit";
import { notifyFailure } from "../../state/notices";
import { openFile } from "../../state/panes";
import { set } from "../../state/settings";
import { newNotebook } from "../notebook/commands";
import { PYTHON } from "../notebook/session/state";
import { newTerminal } from "../terminal/open";
import { copyPaths, download, duplicate, hold, paste, remove } from "./actions";
import type { FileBrowser } from "./browser";
import { mayDrop } from "./model/drop";

/** Begins a new entry in the folder in focus, opened so that its name can be typed in place. */
export function startNew(files: FileBrowser, kind: "file" | "folder"): void {
  const folder = files.folderInFocus;
  if (!files.tree.folder(folder)?.open) files.setOpen(folder, true);
  files.setNaming({ folder, kind });
}

/** Makes a notebook in the folder in focus and opens it. */
export const startNotebook = (files: FileBrowser): void =>
  void newNotebook(files.sandboxId, PYTHON, files.folderInFocus).catch((thrown) =>
    notifyFailure(thrown, "The notebook was not made"),
  );

const making = (files: FileBrowser): MenuItem[] => [
  { label: "New file…", icon: FilePlus, run: () => startNew(files, "file"), testId: "files-new-file" },
  {
    label: "New folder…",
    icon: FolderPlus,
    run: () => startNew(files, "folder"),
    testId: "files-new-folder",
  },
  {
    label: "New Python notebook",
    icon: BookText,
    testId: "files-new-notebook",
    leaves: true,
    run: () => startNotebook(files),
  },
  {
    label: "Open terminal here",
    icon: SquareTerminal,
    testId: "files-terminal-here",
    leaves: true,
    run: () =>
      void newTerminal(files.sandboxId, { cwd: files.folderInFocus }).catch((thrown) =>
        notifyFailure(thrown, "The terminal was not opened"),
      ),
  },
];

const moving = (files: FileBrowser, chosen: string[]): MenuItem[] => {
  const { held, folderInFocus } = files;
  return [
    {
      label: "Cut",
      icon: Scissors,
      shortcut: "mod+x",
      disabled: !chosen.length,
      run: () => hold(files, true),
    },
    { label: "Copy", icon: Copy, shortcut: "mod+c", disabled: !chosen.length, run: () => hold(files, false) },
    {
      label: "Paste",
      icon: Clipboard,
      shortcut: "mod+v",
      disabled: !held || !mayDrop(held.paths, folderInFocus, !held.cut),
      run: () => void paste(files, folderInFocus),
    },
  ];
};

const changing = (files: FileBrowser, chosen: string[]): MenuItem[] => [
  {
    label: "Duplicate",
    icon: CopyPlus,
    shortcut: "mod+d",
    run: () => void duplicate(files, chosen),
  },
  {
    label: "Rename…",
    icon: Pencil,
    shortcut: "f2",
    disabled: chosen.length !== 1,
    testId: "files-rename",
    run: () => chosen[0] && files.setNaming({ path: chosen[0] }),
  },
  {
    label: "Delete",
    icon: Trash2,
    shortcut: "delete",
    danger: true,
    testId: "files-delete",
    run: () => void remove(files, chosen),
  },
  "separator",
  {
    label: "Download…",
    icon: Download,
    disabled: chosen.length !== 1,
    testId: "files-download",
    run: () => chosen[0] && void download(files, chosen[0]),
  },
  { label: "Copy path", run: () => void copyPaths(chosen, false) },
  { label: "Copy relative path", run: () => void copyPaths(chosen, true) },
];

/** How the tree is shown. */
export const viewing = (files: FileBrowser): MenuItem[] => {
  const shown = files.tree.hiddenShown;
  return [
    { label: "Refresh", icon: RefreshCw, run: () => files.refresh() },
    { label: "Collapse all", icon: ChevronsDownUp, run: () => files.collapseAll(), testId: "files-collapse" },
    {
      label: shown ? "Hide hidden files" : "Show hidden files",
      icon: shown ? EyeOff : Eye,
      testId: "files-hidden",
      run: () => set({ showHidden: !shown }),
    },
  ];
};

/** The menu of a right click into the tree, for what is selected. */
export function treeMenu(files: FileBrowser): MenuItem[] {
  const { chosen } = files;
  const opens = chosen.filter((path) => files.tree.entry(path)?.folder === false);
  const open: MenuItem[] = opens.length
    ? [
        {
          label: "Open",
          shortcut: "enter",
          run: () => {
            for (const path of opens) openFile(files.sandboxId, path);
          },
        },
        "separator",
      ]
    : [];
  return [
    ...open,
    ...making(files),
    "separator",
    ...moving(files, chosen),
    ...(chosen.length ? (["separator", ...changing(files, chosen)] as MenuItem[]) : []),
    "separator",
    ...viewing(files),
  ];
}
