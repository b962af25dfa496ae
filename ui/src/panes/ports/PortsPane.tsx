import { Plus, SquareTerminal } from "lucide-react";
import { Badge, Button, cx, Empty, Failed, IconButton } from "../../kit";
import { runCommand } from "../../state/commands";
import type { PaneProps } from "../../state/panes";
import { useSandbox } from "../../state/sandboxes";
import { AddPort } from "./AddPort";
import { askListening, unasked, useListening } from "./follow";
import { PortRow } from "./PortRow";
import css from "./Ports.module.css";
import { rowsOf } from "./rows";
import { portsUi } from "./ui";

const useRows = (id: string) => rowsOf(useListening(id), useSandbox(id)?.ports ?? []);

/** What listens in a sandbox and what of it has an address. */
export function PortsPane({ sandboxId: id }: PaneProps) {
  const rows = useRows(id);
  const adding = portsUi((all) => all.adding);
  const failure = unasked((all) => all[id]);
  if (failure) return <Failed failure={failure} onRetry={() => void askListening(id)} tight />;
  if (!rows.length && !adding) return <NothingListens />;
  return (
    <>
      {adding && <AddPort id={id} />}
      {rows.length > 0 && (
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Port</th>
              <th scope="col">Process</th>
              <th scope="col">URL</th>
              <th scope="col">Reach</th>
              <th scope="col">
                <span className="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <PortRow key={row.port} id={id} row={row} />
            ))}
          </tbody>
        </table>
      )}
      {rows.some(({ exposed }) => exposed) && (
        <p className={css.note}>
          Addresses work on this machine only. Nothing is reachable from the network.
        </p>
      )}
    </>
  );
}

const NothingListens = () => (
  <Empty
    title="Nothing listens yet"
    actions={
      <>
        <Button
          small
          icon={<SquareTerminal size={14} aria-hidden="true" />}
          onClick={() => void runCommand("terminal.focus")}
        >
          Go to the terminal
        </Button>
        <Button small tone="quiet" onClick={() => portsUi.setState({ adding: true })}>
          Expose a port…
        </Button>
      </>
    }
    tight
  >
    Start a server and it appears here by itself, also one on 127.0.0.1:{" "}
    <code className={cx("selectable", css.command)}>python3 -m http.server 8000</code>
  </Empty>
);

export const PortsActions = () => (
  <IconButton icon={Plus} label="Expose a port…" onClick={() => portsUi.setState({ adding: true })} />
);

export function PortsCount({ sandboxId }: { sandboxId: string }) {
  const { length } = useRows(sandboxId);
  return length > 0 && <Badge>{length}</Badge>;
}
