import css from "./kit.module.css";
import { shortcutText } from "./shortcut";

/** A shortcut as people write it, for example `Ctrl+Shift+P`. */
export const Keys = ({ shortcut }: { shortcut: string }) => (
  <span className={css.keys} aria-hidden="true">
    {shortcutText(shortcut)}
  </span>
);
