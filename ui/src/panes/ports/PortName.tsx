import type { KeyboardEvent } from "react";
import { nameIt } from "./actions";
import css from "./Ports.module.css";
import type { PortRow } from "./rows";
import { portsUi } from "./ui";

/** The name a person gave to a port; typed in place. */
export function PortName({ id, row: { port, exposed } }: { id: string; row: PortRow }) {
  const naming = portsUi((all) => all.naming === port);
  const name = exposed?.name ?? "";
  if (!naming) return name && <b className={css.name}>{name}</b>;
  const done = () => portsUi.setState({ naming: undefined });
  const keep = (typed: string) => {
    done();
    if (typed.trim() && typed.trim() !== name) void nameIt(id, port, typed.trim());
  };
  const onKey = ({ key, currentTarget }: KeyboardEvent<HTMLInputElement>) => {
    if (key === "Enter") keep(currentTarget.value);
    if (key === "Escape") done();
  };
  return (
    <input
      className={css.typing}
      aria-label={`Name of port ${port}`}
      defaultValue={name}
      maxLength={60}
      // biome-ignore lint/a11y/noAutofocus: it was asked for by the person just now
      autoFocus
      onFocus={(event) => event.currentTarget.select()}
      onBlur={(event) => keep(event.currentTarget.value)}
      onKeyDown={onKey}
    />
  );
}
