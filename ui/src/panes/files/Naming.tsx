import { create, rename } from "./actions";
import type { FileBrowser } from "./browser";
import css from "./Files.module.css";
import { nameOf, parentOf } from "./model/paths";
import { NameInput } from "./NameInput";
import { RowIcon } from "./TreeRow";

/** After a name was typed the keys go back to the tree. */
const back = (files: FileBrowser, done: boolean) => {
  if (!done) return false;
  files.setNaming(undefined);
  document.querySelector<HTMLElement>("[data-testid=file-tree]")?.focus();
  return true;
};

/** The row of something that is being made. */
export const NewRow = ({ files, folder, kind, depth, top }: NewRowProps) => (
  <div className={css.row} style={{ transform: `translateY(${top}px)`, paddingLeft: 8 + depth * 14 }}>
    <RowIcon row={{ folder: kind === "folder", open: false, name: "" }} />
    <NameInput
      label={kind === "folder" ? "Name of the new folder" : "Name of the new file"}
      taken={(name) => files.tree.has(folder, name)}
      onDone={async (name) => back(files, name === undefined || (await create(files, folder, kind, name)))}
    />
  </div>
);

interface NewRowProps {
  files: FileBrowser;
  folder: string;
  kind: "file" | "folder";
  depth: number;
  top: number;
}

/** The name of a row that is being renamed. */
export const Renaming = ({ files, path }: { files: FileBrowser; path: string }) => (
  <NameInput
    initial={nameOf(path)}
    label={`New name of ${nameOf(path)}`}
    taken={(name) => files.tree.has(parentOf(path), name)}
    onDone={async (name) => back(files, name === undefined || (await rename(files, path, name)))}
  />
);
