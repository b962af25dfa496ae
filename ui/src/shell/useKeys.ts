import { useEffect } from "react";
import { matches } from "../kit/shortcut";
import { type Command, canRun, commandContext, commands, runCommand, shortcuts } from "../state/commands";
import { settings } from "../state/settings";

const inTerminal = (target: EventTarget | null) =>
  target instanceof Element && target.closest(".xterm") !== null;
const inText = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA)$/.test(target.tagName));

/** A shortcut without Ctrl, Alt or Command is a letter or a plain key: where text is typed it is not ours. */
const isPlain = (shortcut: string) => !/(mod|ctrl|alt)\+/.test(shortcut);

/** Whether what has the focus keeps this key for itself. */
const keeps = (event: KeyboardEvent, command: Command, shortcut: string) =>
  inTerminal(event.target)
    ? isPlain(shortcut) || settings.getState().terminalKeeps.includes(command.id)
    : isPlain(shortcut) && inText(event.target);

/** The command that a key runs now. */
export function commandFor(event: KeyboardEvent): Command | undefined {
  const context = commandContext();
  return commands
    .getState()
    .all.findLast((command) =>
      shortcuts(command).some(
        (shortcut) =>
          matches(shortcut, event) && !keeps(event, command, shortcut) && canRun(command, context),
      ),
    );
}

/** Runs commands by their keys, before a pane (a terminal, an editor) sees them. */
export function useKeys() {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.isComposing || event.defaultPrevented) return;
      const command = commandFor(event);
      if (!command) return;
      event.preventDefault();
      event.stopPropagation();
      void runCommand(command);
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, []);
}
