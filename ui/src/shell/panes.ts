// Every folder under `panes/` with an `index.ts` is part of the window; nothing else lists them.
import { register } from "../state/commands";
import { definePane, type PaneModule } from "../state/panes";

const modules = import.meta.glob<PaneModule>("../panes/*/index.{ts,tsx}", { eager: true });

export function definePanes() {
  for (const { pane, panes = [], commands = [] } of Object.values(modules)) {
    for (const one of [pane, ...panes]) definePane(one);
    register(commands);
  }
}
