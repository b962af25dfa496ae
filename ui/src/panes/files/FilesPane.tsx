import { useEffect, useSyncExternalStore } from "react";
import { ApiFailure, type FailureCode } from "../../api/failure";
import { Button, ContextMenu, Disconnected, Failed, Loading } from "../../kit";
import type { PaneProps } from "../../state/panes";
import { useSandbox } from "../../state/sandboxes";
import { useSetting } from "../../state/settings";
import { type FileBrowser, filesOf } from "./browser";
import css from "./Files.module.css";
import { startNew, startNotebook, treeMenu } from "./menu";
import { Tree } from "./Tree";

/** The sandbox's files, live. */
export function FilesPane({ sandboxId }: PaneProps) {
  const files = filesOf(sandboxId);
  useSyncExternalStore(files.subscribe, () => files.version);
  useEffect(() => files.attach(), [files]);
  const hidden = useSetting("showHidden");
  useEffect(() => files.tree.setHiddenShown(hidden), [files, hidden]);
  useComeBack(files);

  const { link } = files;
  const listing = files.tree.folder(files.tree.root)?.listing;
  if (typeof listing === "object")
    return (
      <Failed
        tight
        failure={new ApiFailure((listing.code ?? "INTERNAL_ERROR") as FailureCode, listing.error)}
        onRetry={() => files.refresh()}
      />
    );
  if (listing !== "listed") return <Waiting files={files} />;
  const bare = files.tree.rows().length === 1 && files.tree.folder(files.tree.root)?.open && !files.naming;
  return (
    <div className={css.pane}>
      <Line files={files} />
      {link.at === "refused" && (
        <div className={css.refused}>
          <Failed tight failure={link.failure} onRetry={() => files.refresh()} />
        </div>
      )}
      <Tree files={files} short={bare} />
      {bare && (
        <ContextMenu items={() => treeMenu(files)}>
          <div className={css.bare} data-testid="state-empty">
            <p>The workspace is empty.</p>
            <div className={css.bareActions}>
              <Button small onClick={() => startNew(files, "file")}>
                New file
              </Button>
              <Button small onClick={() => startNotebook(files)}>
                New notebook
              </Button>
            </div>
          </div>
        </ContextMenu>
      )}
    </div>
  );
}

/** Milliseconds; a sandbox that goes on refusing is not asked without a pause. */
const COME_BACK = 300;

/** The files of a sandbox that was stopped come back by themselves when it runs again. */
function useComeBack(files: FileBrowser) {
  const running = useSandbox(files.sandboxId)?.state === "running";
  const { link } = files;
  const listing = files.tree.folder(files.tree.root)?.listing;
  const codes = [link.at === "refused" && link.failure.code, typeof listing === "object" && listing.code];
  const stopped = codes.includes("SANDBOX_NOT_RUNNING");
  useEffect(() => {
    if (!running || !stopped) return;
    const timer = setTimeout(() => files.refresh(), COME_BACK);
    return () => clearTimeout(timer);
  }, [files, running, stopped]);
}

const Waiting = ({ files }: { files: FileBrowser }) =>
  files.link.at === "refused" ? (
    <Failed tight failure={files.link.failure} onRetry={() => files.refresh()} />
  ) : (
    <>
      <Line files={files} />
      <Loading lines={6} label="Listing the files" />
    </>
  );

/** Said when the tree cannot be told of changes: what it shows may be old. */
const Line = ({ files }: { files: FileBrowser }) =>
  files.link.at === "waiting" ? (
    <Disconnected retryAt={files.link.retryAt} onRetry={() => files.refresh()} />
  ) : null;
