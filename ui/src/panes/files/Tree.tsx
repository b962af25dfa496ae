import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useRef } from "react";
import { ContextMenu, cx } from "../../kit";
import type { FileBrowser } from "./browser";
import css from "./Files.module.css";
import { onTreeKey } from "./keys";
import { treeMenu } from "./menu";
import { only } from "./model/selection";
import { NewRow, Renaming } from "./Naming";
import { TreeRow } from "./TreeRow";
import { useTree } from "./useTree";

const ROW = 24;

/** The rows in sight of a tree of any size. */
export function Tree({ files, short }: { files: FileBrowser; short?: boolean }) {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const { handlers, dropping } = useTree(files);
  const rows = files.tree.rows();
  const { selection, naming, held } = files;
  // A row for what is being made stands right below its folder.
  const making = naming && "folder" in naming ? naming : undefined;
  const makingAt = making ? files.tree.rowIndex(making.folder) + 1 : -1;
  const virtual = useVirtualizer({
    count: rows.length + (making ? 1 : 0),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  useReveal(files, (at) => virtual.scrollToIndex(at));
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when making begins
  useEffect(() => {
    if (makingAt >= 0) virtual.scrollToIndex(makingAt);
  }, [makingAt]);
  const focusAt = selection.focus ? files.tree.rowIndex(selection.focus) : -1;

  return (
    <ContextMenu items={() => treeMenu(files)}>
      <div
        ref={scroller}
        className={cx(css.tree, short && css.short)}
        role="tree"
        aria-label="Files"
        aria-multiselectable="true"
        aria-activedescendant={focusAt >= 0 ? `${id}-${focusAt}` : undefined}
        tabIndex={0}
        data-testid="file-tree"
        onKeyDown={(event) => {
          if (onTreeKey(files, event)) {
            event.preventDefault();
            event.stopPropagation();
          }
        }}
        onFocus={() => {
          if (!selection.focus) files.select({ ...only(files.tree.root), paths: new Set() });
        }}
      >
        <div className={css.rows} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const at = making && index > makingAt ? index - 1 : index;
            const row = rows[at];
            if (making && index === makingAt)
              return (
                <NewRow
                  key="making"
                  files={files}
                  {...making}
                  depth={(rows[makingAt - 1]?.depth ?? 0) + 1}
                  top={start}
                />
              );
            if (!row) return null;
            return (
              <TreeRow
                key={row.path}
                id={`${id}-${at}`}
                row={row}
                top={start}
                selected={selection.paths.has(row.path)}
                focused={selection.focus === row.path}
                cut={held?.cut === true && held.paths.includes(row.path)}
                dropping={dropping === row.path}
                handlers={handlers}
                naming={
                  naming && "path" in naming && naming.path === row.path ? (
                    <Renaming files={files} path={row.path} />
                  ) : undefined
                }
              />
            );
          })}
        </div>
      </div>
    </ContextMenu>
  );
}

/** Brings a row into sight once it is there: what was just made comes by the watch. */
function useReveal(files: FileBrowser, scrollTo: (at: number) => void): void {
  const { revealing, version } = files;
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked for at each change of the tree
  useEffect(() => {
    if (!revealing) return;
    const at = files.tree.rowIndex(revealing);
    if (at < 0) return;
    files.revealing = undefined;
    scrollTo(at);
  }, [files, revealing, version]);
}
