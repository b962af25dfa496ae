import { type FormEvent, useId, useState } from "react";
import { ApiFailure } from "../../api/failure";
import type { Sandbox } from "../../api/wire/Sandbox";
import { Button, Sheet, Spinner } from "../../kit";
import { change, makeSandbox } from "../../state/life";
import { useSandbox, world } from "../../state/sandboxes";
import { closeSheet, sheet } from "../uiState";
import { SandboxForm } from "./SandboxForm";
import css from "./SandboxSheet.module.css";
import { createOf, emptyWish, patchOf, type Wish, wishOf, wrongOf } from "./wish";

/** The sheet for a new sandbox, or for the one being edited. */
export function SandboxSheet() {
  const { open, id } = sheet();
  const one = useSandbox(id);
  if (!open || (open === "edit" && !one)) return null;
  return <Filled key={id ?? "new"} one={open === "edit" ? one : undefined} />;
}

const firstEngine = () => world.getState().engines.find(({ state }) => state === "available")?.id ?? "";

function Filled({ one }: { one?: Sandbox }) {
  const [wish, setWish] = useState<Wish>(() => (one ? wishOf(one) : emptyWish(firstEngine())));
  const [failure, setFailure] = useState<ApiFailure>();
  const [busy, setBusy] = useState(false);
  const form = useId();
  const wrong = wrongOf(wish);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (Object.keys(wrong).length || busy) return;
    setBusy(true);
    try {
      const taken = world.getState().sandboxes.map(({ id }) => id);
      await (one ? change(one.id, patchOf(wish)) : makeSandbox(createOf(wish, taken)));
      closeSheet();
    } catch (thrown) {
      setFailure(ApiFailure.from(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Sheet
      title={one ? `Edit ${one.name}` : "New sandbox"}
      open
      onClose={closeSheet}
      data-testid="sandbox-sheet"
      actions={
        <>
          <Button onClick={closeSheet}>Cancel</Button>
          <Button
            tone="primary"
            type="submit"
            form={form}
            disabled={busy || Object.keys(wrong).length > 0}
            icon={busy && <Spinner />}
            data-testid="sheet-submit"
          >
            {one ? "Save" : "Create"}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className={css.form}>
        <SandboxForm
          wish={wish}
          wrong={wrong}
          edits={Boolean(one)}
          onChange={(part) => setWish({ ...wish, ...part })}
        />
        {failure && <Refused failure={failure} />}
      </form>
    </Sheet>
  );
}

const Refused = ({ failure }: { failure: ApiFailure }) => (
  <div className={css.refused} role="alert">
    <p>{failure.message}</p>
    {failure.suggestion && <p>{failure.suggestion}</p>}
    <code>{failure.code}</code>
  </div>
);
