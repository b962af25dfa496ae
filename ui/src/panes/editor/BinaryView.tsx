import { rawPath } from "../../api/files";
import { host } from "../../host";
import { Button } from "../../kit";
import { notifyFailure } from "../../state/notices";
import css from "./Editor.module.css";
import { hexLines, sizeText } from "./text";

/** A file that is no text: said so, with its first bytes. */
export const BinaryView = ({ bytes, size, sandboxId, path }: BinaryViewProps) => (
  <div className={css.pane} data-testid="binary">
    <div className={css.bar}>
      <span className={css.barText}>
        This file is not UTF-8 text ({sizeText(size)}).{" "}
        {bytes.length < size ? `Its first ${sizeText(bytes.length)}:` : "Its bytes:"}
      </span>
      <Download sandboxId={sandboxId} path={path} />
    </div>
    <pre className={`${css.hex} selectable`}>{hexLines(bytes).join("\n")}</pre>
  </div>
);

interface BinaryViewProps {
  bytes: Uint8Array;
  size: number;
  sandboxId: string;
  path: string;
}

/** Saves a file to the person's own machine. It streams to disk and never passes through the window. */
export const Download = ({ sandboxId, path }: { sandboxId: string; path: string }) => (
  <Button
    small
    onClick={() =>
      void host
        .saveFile(path.slice(path.lastIndexOf("/") + 1), { path: rawPath(sandboxId, path, true) })
        .catch((thrown) => notifyFailure(thrown, "The file was not saved"))
    }
  >
    Download
  </Button>
);
