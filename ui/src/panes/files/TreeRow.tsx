import { ChevronDown, ChevronRight } from "lucide-react";
import { type DragEvent, type MouseEvent, memo, type ReactNode } from "react";
import { cx } from "../../kit";
import css from "./Files.module.css";
import { fileIcon } from "./icons";
import type { Row } from "./model/tree";

export interface RowHandlers {
  onClick(event: MouseEvent, row: Row): void;
  onDoubleClick(row: Row): void;
  onContextMenu(row: Row): void;
  onDragStart(event: DragEvent, row: Row): void;
  onDragOver(event: DragEvent, row: Row): void;
  onDragLeave(): void;
  onDrop(event: DragEvent, row: Row): void;
}

interface TreeRowProps {
  row: Row;
  top: number;
  id: string;
  selected: boolean;
  focused: boolean;
  cut: boolean;
  dropping: boolean;
  handlers: RowHandlers;
  /** The name being typed, in place of the name. */
  naming?: ReactNode;
}

/** One row of the tree. Keys are the tree's own; a row is never in the order of the Tab key. */
export const TreeRow = memo(
  ({ row, top, id, selected, focused, cut, dropping, handlers, naming }: TreeRowProps) => (
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names this row as its active descendant
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
    <div
      id={id}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-expanded={row.folder ? row.open : undefined}
      aria-selected={selected}
      aria-label={row.name}
      className={cx(
        css.row,
        selected && css.selected,
        focused && css.focused,
        cut && css.cut,
        dropping && css.dropping,
      )}
      style={{ transform: `translateY(${top}px)`, paddingLeft: 8 + row.depth * 14 }}
      data-testid="file-row"
      data-path={row.path}
      draggable={!naming && row.depth > 0}
      title={row.info?.target ? `${row.name} → ${row.info.target}` : undefined}
      onClick={(event) => handlers.onClick(event, row)}
      onDoubleClick={() => handlers.onDoubleClick(row)}
      onContextMenu={() => handlers.onContextMenu(row)}
      onDragStart={(event) => handlers.onDragStart(event, row)}
      onDragOver={(event) => handlers.onDragOver(event, row)}
      onDragLeave={handlers.onDragLeave}
      onDrop={(event) => handlers.onDrop(event, row)}
    >
      <RowIcon row={row} />
      {naming ?? <span className={css.name}>{row.name}</span>}
      {row.error && (
        <span className={css.rowError} title={row.error}>
          not readable
        </span>
      )}
    </div>
  ),
);

export function RowIcon({ row }: { row: Pick<Row, "folder" | "open" | "name" | "info"> }) {
  const Icon = row.folder ? (row.open ? ChevronDown : ChevronRight) : fileIcon(row.name, row.info);
  return (
    <>
      {!row.folder && <span className={css.gap} />}
      <Icon size={16} strokeWidth={1.6} aria-hidden="true" className={css.icon} />
    </>
  );
}
