import { Ellipsis } from "lucide-react";
import { Button, ContextMenu, IconButton, Menu } from "../../kit";
import { copyAddress, exposeIt, openOutside, openPreview } from "./actions";
import { portMenu } from "./menu";
import { PortName } from "./PortName";
import css from "./Ports.module.css";
import { type PortRow as Row, serverLabel } from "./rows";

const REACH = "Only programs on this machine can open it, and only with the secret in its address.";

/** A port: who listens, its address and how far that reaches, and what can be done. */
export const PortRow = ({ id, row }: { id: string; row: Row }) => {
  const { port, listening, exposed } = row;
  return (
    <ContextMenu items={() => portMenu(id, row)}>
      <tr className={css.row} data-testid={`port-${port}`} data-listening={listening ? true : undefined}>
        <td className={css.port}>{port}</td>
        <td className={css.cut} title={listening?.command}>
          <PortName id={id} row={row} />
          {listening ? serverLabel(listening) : <span className={css.off}>nothing listens</span>}
        </td>
        <td className={css.cut}>
          {exposed ? (
            <button
              type="button"
              className={css.url}
              title={`Open ${exposed.url} in the browser`}
              onClick={() => void openOutside(id, port)}
            >
              {exposed.url}
            </button>
          ) : (
            <span className={css.off}>listening, not exposed</span>
          )}
        </td>
        <td className={css.reach} title={exposed && REACH}>
          {exposed && "this machine"}
        </td>
        <td className={css.actions}>
          {exposed ? <Exposed id={id} port={port} /> : <ExposeButton id={id} port={port} />}
          <Menu items={() => portMenu(id, row)}>
            <IconButton icon={Ellipsis} label={`More for port ${port}`} />
          </Menu>
        </td>
      </tr>
    </ContextMenu>
  );
};

const Exposed = ({ id, port }: { id: string; port: number }) => (
  <>
    <Button small tone="quiet" onClick={() => void openOutside(id, port)} data-testid="port-open">
      Open
    </Button>
    <Button small tone="quiet" onClick={() => openPreview(id, port)} data-testid="port-preview">
      Preview
    </Button>
    <Button small tone="quiet" onClick={() => void copyAddress(id, port)} data-testid="port-copy">
      Copy
    </Button>
  </>
);

const ExposeButton = ({ id, port }: { id: string; port: number }) => (
  <>
    <Button small tone="quiet" onClick={() => openPreview(id, port)} data-testid="port-preview">
      Preview
    </Button>
    <Button
      small
      tone="quiet"
      className={css.expose}
      onClick={() => void exposeIt(id, port)}
      data-testid="port-expose"
    >
      Expose
    </Button>
  </>
);
