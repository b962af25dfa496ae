import { selectAll } from "../../kit/focus";
import css from "./Sidebar.module.css";

export const Filter = ({ value, onChange }: { value: string; onChange(value: string | undefined): void }) => (
  <input
    className={css.filter}
    type="search"
    placeholder="Filter"
    aria-label="Filter sandboxes"
    ref={selectAll}
    value={value}
    onChange={(event) => onChange(event.target.value)}
    onKeyDown={(event) => event.key === "Escape" && onChange(undefined)}
  />
);
