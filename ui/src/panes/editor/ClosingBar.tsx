import { useEffect, useState } from "react";
import { Button } from "../../kit";
import type { PaneHandle } from "../../state/panes";
import { Bar } from "./TroubleBar";
import type { OpenDocument } from "./useDocument";

type Answer = (close: boolean) => void;

/** Asks what becomes of the edits before a tab with some of them closes. */
export function ClosingBar({ document, pane }: { document: OpenDocument; pane: PaneHandle }) {
  const [answer, setAnswer] = useState<{ give: Answer }>();
  useEffect(() => {
    pane.guardClose(() => {
      if (!document.dirty) return true;
      pane.focus();
      return new Promise<boolean>((give) => setAnswer({ give }));
    });
    return () => pane.guardClose(null);
  }, [document, pane]);
  if (!answer) return null;
  const end = (close: boolean) => {
    answer.give(close);
    setAnswer(undefined);
  };
  return (
    <Bar text="This file has edits that are not saved." testId="editor-closing">
      <Button small tone="primary" onClick={() => void document.save().then(end)}>
        Save and close
      </Button>
      <Button
        small
        tone="danger"
        onClick={() => {
          document.discard();
          end(true);
        }}
      >
        Close without saving
      </Button>
      <Button small tone="quiet" onClick={() => end(false)}>
        Stay
      </Button>
    </Bar>
  );
}
