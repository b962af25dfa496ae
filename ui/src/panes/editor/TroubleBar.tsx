import { useEffect, useState } from "react";
import { Button, Dot } from "../../kit";
import type { CodeBuffer } from "./buffer";
import css from "./Editor.module.css";
import type { OpenDocument } from "./useDocument";

/** What stands between the edits and the file, and the ways out of it. Nothing while all is well. */
export function TroubleBar({ document, buffer, onClose }: TroubleBarProps) {
  const { trouble } = document;
  const [comparing, setComparing] = useState(false);
  const theirs = trouble?.is === "changed" ? trouble.theirs : undefined;
  useEffect(() => {
    if (theirs === undefined) setComparing(false);
    buffer.compare(comparing ? theirs : undefined);
  }, [buffer, comparing, theirs]);
  if (!trouble) return null;
  if (trouble.is === "changed")
    return (
      <Bar text="The file was changed outside while it has edits here." testId="editor-conflict">
        <Button small onClick={() => setComparing(!comparing)} aria-pressed={comparing}>
          {comparing ? "Stop comparing" : "Compare"}
        </Button>
        <Button small onClick={() => void document.reload()}>
          Take the file's
        </Button>
        <Button small tone="primary" onClick={() => void document.save(true)}>
          Overwrite
        </Button>
      </Bar>
    );
  if (trouble.is === "deleted")
    return (
      <Bar text="The file was deleted or moved. Its text is still here." testId="editor-deleted">
        <Button small tone="primary" onClick={() => void document.save()}>
          Save it again
        </Button>
        <Button small tone="quiet" onClick={onClose}>
          Close
        </Button>
      </Bar>
    );
  return (
    <Bar text={`Not saved: ${trouble.failure.message}`} code={trouble.failure.code} testId="editor-unsaved">
      <Button small tone="primary" onClick={() => void document.save()}>
        Try again
      </Button>
    </Bar>
  );
}

interface TroubleBarProps {
  document: OpenDocument;
  buffer: CodeBuffer;
  onClose(): void;
}

export const Bar = ({ text, code, testId, children }: BarProps) => (
  <div className={css.bar} role="alert" data-testid={testId}>
    <Dot tone="warn" />
    <span className={css.barText}>
      {text} {code && <code>{code}</code>}
    </span>
    {children}
  </div>
);

interface BarProps {
  text: string;
  code?: string;
  testId: string;
  children: React.ReactNode;
}
