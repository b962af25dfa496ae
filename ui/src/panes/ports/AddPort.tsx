import { type FormEvent, useState } from "react";
import { ApiFailure } from "../../api/failure";
import { Button } from "../../kit";
import { expose } from "./actions";
import css from "./Ports.module.css";
import { portsUi } from "./ui";

const close = () => portsUi.setState({ adding: false });

/** Gives a port its address before anything listens on it. */
export function AddPort({ id }: { id: string }) {
  const [wrong, setWrong] = useState<string>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const port = Number(new FormData(event.currentTarget).get("port"));
    try {
      await expose(id, port);
      close();
    } catch (thrown) {
      setWrong(ApiFailure.from(thrown).message);
    }
  };
  return (
    <form className={css.add} onSubmit={submit} onKeyDown={({ key }) => key === "Escape" && close()}>
      <label htmlFor="add-port">Port</label>
      <input
        id="add-port"
        name="port"
        className={css.typing}
        type="number"
        min={1}
        max={65535}
        required
        aria-invalid={Boolean(wrong)}
        // biome-ignore lint/a11y/noAutofocus: it was asked for by the person just now
        autoFocus
      />
      <Button small tone="primary" type="submit">
        Expose
      </Button>
      <Button small tone="quiet" onClick={close}>
        Cancel
      </Button>
      {wrong && (
        <span className={css.wrong} role="alert">
          {wrong}
        </span>
      )}
    </form>
  );
}
