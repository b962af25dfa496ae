import { Dialog } from "radix-ui";
import { useReturnFocus } from "../../kit/useReturnFocus";
import { useSelected } from "../../state/selection";
import { palette } from "../uiState";
import { CommandList } from "./CommandList";
import { FileList } from "./FileList";
import css from "./Palette.module.css";

/** All commands, or the files of the sandbox in view. `>` in the files goes over to the commands. */
export function Palette() {
  const { open } = palette();
  const sandbox = useSelected();
  const close = () => palette.setState({ open: undefined });
  const returning = useReturnFocus();
  const files = open === "files" && sandbox;
  return (
    <Dialog.Root open={open !== undefined} onOpenChange={(now) => !now && close()}>
      <Dialog.Portal>
        <Dialog.Overlay className={css.behind} />
        <Dialog.Content
          className={css.palette}
          aria-describedby={undefined}
          {...returning}
          data-testid="palette"
        >
          <Dialog.Title className="sr-only">{files ? "Go to file" : "All commands"}</Dialog.Title>
          {files ? <FileList sandboxId={sandbox.id} close={close} /> : <CommandList close={close} />}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
