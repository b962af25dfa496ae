import { Ellipsis, FilePlus, FolderPlus, RefreshCw } from "lucide-react";
import { IconButton, Menu } from "../../kit";
import { filesOf } from "./browser";
import { startNew, viewing } from "./menu";

/** The buttons in the title of the tree. */
export function FilesActions({ sandboxId }: { sandboxId: string }) {
  const files = filesOf(sandboxId);
  return (
    <>
      <IconButton
        icon={FilePlus}
        label="New file"
        data-testid="new-file"
        onClick={() => startNew(files, "file")}
      />
      <IconButton
        icon={FolderPlus}
        label="New folder"
        data-testid="new-folder"
        onClick={() => startNew(files, "folder")}
      />
      <IconButton
        icon={RefreshCw}
        label="Refresh"
        data-testid="refresh-files"
        onClick={() => files.refresh()}
      />
      <Menu items={() => viewing(files)}>
        <IconButton icon={Ellipsis} label="More" data-testid="files-more" />
      </Menu>
    </>
  );
}
