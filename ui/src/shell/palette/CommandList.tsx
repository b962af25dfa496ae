import { Command as Cmdk } from "cmdk";
import { useState } from "react";
import { Keys } from "../../kit";
import { type Command, canRun, commandContext, commands, runCommand, shortcuts } from "../../state/commands";
import css from "./Palette.module.css";

const words = ({ group, title }: Command) => (group ? `${group}: ${title}` : title);

/** Ids of what was picked, the latest last: those stand first. The rest keep the order they were registered in. */
const recent: string[] = [];

function remember(id: string) {
  const at = recent.indexOf(id);
  if (at >= 0) recent.splice(at, 1);
  recent.push(id);
}

/** Runs once the palette is gone, so that the focus is back where the command expects it. */
const runLater = (command: Command) => setTimeout(() => void runCommand(command));

export function CommandList({ close }: { close(): void }) {
  const [list] = useState(() => {
    const context = commandContext();
    return commands
      .getState()
      .all.filter((one) => !one.hidden && canRun(one, context))
      .sort((a, b) => recent.indexOf(b.id) - recent.indexOf(a.id));
  });
  const pick = (command: Command) => {
    close();
    remember(command.id);
    runLater(command);
  };
  return (
    <Cmdk label="All commands" loop>
      <Cmdk.Input className={css.input} placeholder="Do something…" />
      <Cmdk.List className={css.list}>
        <Cmdk.Empty className={css.none}>No command of that name.</Cmdk.Empty>
        {list.map((one) => (
          <Cmdk.Item
            key={one.id}
            value={words(one)}
            keywords={[one.id]}
            className={css.item}
            onSelect={() => pick(one)}
            data-testid={`command-${one.id}`}
          >
            <span>
              {one.group && <span className={css.group}>{one.group}: </span>}
              {one.title}
            </span>
            {shortcuts(one)[0] && <Keys shortcut={shortcuts(one)[0] ?? ""} />}
          </Cmdk.Item>
        ))}
      </Cmdk.List>
    </Cmdk>
  );
}
