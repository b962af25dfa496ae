/** What commands may do with the editor in a pane. It is light: the editor itself is loaded when one is shown. */
export interface EditorHandle {
  save(): unknown;
  find(): unknown;
  goToLine(): unknown;
}

const editors = new Map<string, EditorHandle>();

export const editorIn = (paneId: string | undefined) => (paneId ? editors.get(paneId) : undefined);

/** Tells what is in a pane; what it returns takes that back. */
export function putEditor(paneId: string, handle: EditorHandle): () => void {
  editors.set(paneId, handle);
  return () => {
    if (editors.get(paneId) === handle) editors.delete(paneId);
  };
}
