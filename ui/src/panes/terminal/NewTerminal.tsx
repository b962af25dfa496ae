import { useEffect, useRef, useState } from "react";
import { sessionIds } from "../../api/agent";
import { ApiFailure } from "../../api/failure";
import { createTerminal } from "../../api/terminals";
import { Button, Field, Select } from "../../kit";
import { mayTakeFocus } from "../../kit/focus";
import type { PaneProps } from "../../state/panes";
import { sandbox } from "../../state/sandboxes";
import type { TerminalParams } from "./open";
import { markFresh } from "./registry";
import css from "./Terminal.module.css";

/** Asks which session a new terminal belongs to, its name and its folder, in the tab where it will be. */
export function NewTerminal({ sandboxId, pane, visible }: PaneProps<TerminalParams>) {
  const [known, setKnown] = useState<string[]>([]);
  const [sessionId, setSessionId] = useState("default");
  const [name, setName] = useState("");
  const [cwd, setCwd] = useState("");
  const [wrong, setWrong] = useState<string>();
  useEffect(() => {
    void sessionIds(sandboxId).then(setKnown, () => setKnown([]));
  }, [sandboxId]);

  const first = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (visible && mayTakeFocus()) first.current?.focus();
  }, [visible]);

  const start = async () => {
    try {
      const terminal = await createTerminal(sandboxId, {
        sessionId,
        name: name || undefined,
        cwd: cwd || undefined,
      });
      markFresh(terminal.id);
      pane.setParams({
        id: terminal.id,
        name: terminal.name,
        sessionId: terminal.sessionId,
        startedAt: sandbox(sandboxId)?.startedAt,
      });
      pane.setTitle(terminal.name);
    } catch (thrown) {
      setWrong(ApiFailure.from(thrown).message);
    }
  };
  const ids = [...new Set(["default", ...known])];
  return (
    <form
      className={css.form}
      data-testid="terminal-new-form"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <h2 className={css.formTitle}>New terminal</h2>
      <Select
        label="Session"
        hint="It starts in the folder and with the variables of this session."
        value={sessionId}
        options={ids.map((value) => ({ value, label: value }))}
        onChange={setSessionId}
        data-testid="terminal-session"
      />
      <Field label="Name" value={name} onChange={(event) => setName(event.target.value)} ref={first} />
      <Field
        label="Folder"
        hint="The session's when empty."
        value={cwd}
        wrong={wrong}
        onChange={(event) => setCwd(event.target.value)}
      />
      <div className={css.barActions}>
        <Button type="submit" tone="primary">
          Start
        </Button>
        <Button onClick={pane.close}>Cancel</Button>
      </div>
    </form>
  );
}
