import { useEffect } from "react";
import { Button, Empty, Failed, Loading } from "../../kit";
import type { PaneHandle, PaneProps } from "../../state/panes";
import { filesOf } from "../files/browser";
import { isWithin, nameOf } from "../files/model/paths";
import { BinaryView, Download } from "./BinaryView";
import { READ_LIMIT } from "./document";
import { moveDraft } from "./drafts";
import { ImageView } from "./ImageView";
import { TextEditor } from "./TextEditor";
import { sizeText } from "./text";
import { type OpenDocument, useDocument } from "./useDocument";

export interface EditorParams {
  path: string;
  /** From 1. */
  line?: number;
  column?: number;
}

/** A file in a tab: its text in an editor, a picture as one, anything else as what it is. */
export function EditorPane(props: PaneProps<EditorParams>) {
  const { sandboxId, params, pane } = props;
  const document = useDocument(sandboxId, params.path);
  useFollowing(document, pane);
  if (!document) return <Loading lines={8} />;
  const { view } = document;
  const name = nameOf(params.path);
  switch (view.at) {
    case "loading":
      return <Loading lines={8} label={`Reading ${name}`} />;
    case "failed":
      return (
        <Failed
          failure={view.failure}
          onRetry={() => void document.load()}
          actions={<Button onClick={pane.close}>Close</Button>}
        />
      );
    case "text":
      return <TextEditor {...props} {...view} document={document} />;
    case "image":
      return (
        <ImageView
          {...view}
          name={name}
          onText={isSvg(view.type) ? () => document.showAsText() : undefined}
        />
      );
    case "binary":
      return <BinaryView {...view} sandboxId={sandboxId} path={params.path} />;
    case "big":
      return (
        <Empty
          title={`${name} is ${sizeText(view.size)} large`}
          actions={
            <>
              {view.size <= READ_LIMIT && (
                <Button onClick={() => void document.load(true)}>Open to read only</Button>
              )}
              <Download sandboxId={sandboxId} path={params.path} />
            </>
          }
        >
          {view.size <= READ_LIMIT
            ? "Files over 5 MB can be read here, not edited."
            : "Files over 64 MB are not opened here. A terminal can show parts of it."}
        </Empty>
      );
  }
}

const isSvg = (type: string) => type.startsWith("image/svg");

/** The tab goes along when its file, or a folder above it, is moved or renamed in the tree. */
function useFollowing(document: OpenDocument | undefined, pane: PaneHandle<EditorParams>): void {
  useEffect(() => {
    if (!document) return;
    const { sandboxId, path } = document;
    return filesOf(sandboxId).onMoved((from, to) => {
      if (!isWithin(path, from)) return;
      const place = to + path.slice(from.length);
      document.flushDraft();
      moveDraft(sandboxId, path, place);
      // The edits live on under the new path; here they are none any more.
      document.discard();
      pane.setParams({ path: place, line: undefined, column: undefined });
      pane.setTitle(nameOf(place));
    });
  }, [document, pane]);
}
