import { ArrowLeft, Copy, ExternalLink, RotateCw } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { cx, IconButton } from "../../kit";
import { copyAddress, openOutside } from "../ports/actions";
import css from "./Preview.module.css";
import { type Width, widths } from "./widths";

interface Props {
  id: string;
  port: number;
  path: string;
  width: Width;
  /** Absent when there is nowhere to go back to. */
  onBack?: () => void;
  onReload(): void;
  /** False when it is no address of this port. */
  onGo(typed: string): boolean;
  onWidth(width: Width): void;
}

/** Back, reload, the address, the widths of devices, and the way out to the browser. */
export const PreviewBar = ({ id, port, path, width, onBack, onReload, onGo, onWidth }: Props) => (
  <div className={css.bar} role="toolbar" aria-label="Preview">
    <IconButton
      icon={ArrowLeft}
      label="Back"
      disabled={!onBack}
      onClick={onBack}
      data-testid="preview-back"
    />
    <IconButton icon={RotateCw} label="Reload" onClick={onReload} data-testid="preview-reload" />
    <Address port={port} path={path} onGo={onGo} />
    <div className={css.widths} role="radiogroup" aria-label="Width">
      {(Object.keys(widths) as Width[]).map((one) => (
        <IconButton
          key={one}
          icon={widths[one].icon}
          label={widths[one].label}
          role="radio"
          aria-checked={one === width}
          className={cx(one === width && css.chosen)}
          onClick={() => onWidth(one)}
          data-testid={`preview-width-${one}`}
        />
      ))}
    </div>
    <IconButton
      icon={Copy}
      label="Copy address"
      className={css.spare}
      onClick={() => void copyAddress(id, port)}
    />
    <IconButton
      icon={ExternalLink}
      label="Open in the browser"
      onClick={() => void openOutside(id, port)}
      data-testid="preview-open"
    />
  </div>
);

function Address({ port, path, onGo }: Pick<Props, "port" | "path" | "onGo">) {
  const [typed, type] = useState(path);
  const [wrong, setWrong] = useState(false);
  useEffect(() => type(path), [path]);
  const go = (event: FormEvent) => {
    event.preventDefault();
    setWrong(!onGo(typed));
  };
  return (
    <form className={css.address} data-wrong={wrong || undefined} onSubmit={go}>
      <span className={css.origin} title="A port of the sandbox, reachable on this machine only">
        <span className={css.spare}>localhost</span>:{port}
      </span>
      <input
        aria-label={`Address on port ${port}`}
        aria-invalid={wrong}
        title={wrong ? "A preview shows only its own port" : undefined}
        value={typed}
        spellCheck={false}
        onChange={(event) => {
          type(event.target.value);
          setWrong(false);
        }}
        onFocus={(event) => event.target.select()}
        onKeyDown={({ key }) => key === "Escape" && type(path)}
        data-testid="preview-address"
      />
    </form>
  );
}
