/** The tree's pointer side: clicks, drags and drops. */
import { type DragEvent, type MouseEvent, useMemo, useRef, useState } from "react";
import { host } from "../../host";
import { openFile } from "../../state/panes";
import { put } from "./actions";
import type { FileBrowser } from "./browser";
import { dropFolder, mayDrop } from "./model/drop";
import { only, pick } from "./model/selection";
import type { Row } from "./model/tree";
import type { RowHandlers } from "./TreeRow";

const TYPE = "application/x-sandpit-paths";
/** A closed folder opens when something is held over it for this long, in milliseconds. */
const SPRING = 600;

const mod = (event: { metaKey: boolean; ctrlKey: boolean }) =>
  host.platform.modifier === "Meta" ? event.metaKey : event.ctrlKey;

export function useTree(files: FileBrowser): { handlers: RowHandlers; dropping: string | undefined } {
  const [dropping, setDropping] = useState<string>();
  const dragged = useRef<string[]>([]);
  const spring = useRef<{ path: string; timer: ReturnType<typeof setTimeout> }>(undefined);

  const handlers = useMemo((): RowHandlers => {
    const rest = () => {
      clearTimeout(spring.current?.timer);
      spring.current = undefined;
    };
    const leave = () => {
      rest();
      setDropping(undefined);
    };
    const springOpen = (row: Row) => {
      if (spring.current?.path === row.path || !row.folder || row.open) return;
      rest();
      spring.current = { path: row.path, timer: setTimeout(() => files.setOpen(row.path, true), SPRING) };
    };
    return {
      onClick: (event: MouseEvent, row: Row) => {
        const keys = { toggle: mod(event), range: event.shiftKey };
        files.select(pick(files.selection, files.tree.rows(), row.path, keys));
        if (row.folder && !keys.toggle && !keys.range && event.detail === 1) files.toggle(row.path);
      },
      onDoubleClick: (row) => {
        if (!row.folder) openFile(files.sandboxId, row.path);
      },
      onContextMenu: (row) => {
        if (!files.selection.paths.has(row.path)) files.select(only(row.path));
      },
      onDragStart: (event, row) => {
        if (!files.selection.paths.has(row.path)) files.select(only(row.path));
        dragged.current = files.chosen;
        event.dataTransfer.setData(TYPE, JSON.stringify(dragged.current));
        event.dataTransfer.setData("text/plain", dragged.current.join("\n"));
        event.dataTransfer.effectAllowed = "copyMove";
      },
      onDragOver: (event: DragEvent, row: Row) => {
        if (!event.dataTransfer.types.includes(TYPE)) return;
        const folder = dropFolder(row);
        const copy = mod(event);
        if (!mayDrop(dragged.current, folder, copy)) return leave();
        event.preventDefault();
        event.dataTransfer.dropEffect = copy ? "copy" : "move";
        setDropping(folder);
        springOpen(row);
      },
      onDragLeave: leave,
      onDrop: (event, row) => {
        leave();
        if (!event.dataTransfer.types.includes(TYPE)) return;
        event.preventDefault();
        void put(files, dragged.current, dropFolder(row), mod(event));
      },
    };
  }, [files]);
  return { handlers, dropping };
}
