import { Suspense } from "react";
import { Loading, Sheet } from "../kit";
import { paneType } from "../state/panes";
import { fixedHandle } from "./Panel";
import { aside } from "./uiState";

/** A page of the window at the side, while there is no dock to hold it. */
export function Aside() {
  const open = aside((all) => all.open);
  const page = open && paneType(open);
  if (!page) return null;
  const close = () => aside.setState({ open: undefined });
  return (
    <Sheet title={page.title({})} open onClose={close}>
      <Suspense fallback={<Loading />}>
        <page.component sandboxId="" params={{}} pane={fixedHandle(page.type, () => {})} visible />
      </Suspense>
    </Sheet>
  );
}
