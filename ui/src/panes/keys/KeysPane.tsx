import { Keys } from "../../kit";
import { type Command, commands, shortcuts } from "../../state/commands";
import { set, useSetting } from "../../state/settings";
import css from "./Keys.module.css";

const words = ({ group, title }: Command) => (group ? `${group}: ${title}` : title);
const plain = (shortcut: string) => !/(mod|ctrl|alt)\+/.test(shortcut);

/** All commands with a shortcut, and for each whether a focused terminal gets the key instead. */
export function KeysPane() {
  const list = commands(({ all }) => all);
  const kept = useSetting("terminalKeeps");
  const withKeys = list
    .filter((one) => shortcuts(one).length > 0)
    .sort((a, b) => words(a).localeCompare(words(b)));
  const toggle = (id: string) =>
    set({ terminalKeeps: kept.includes(id) ? kept.filter((one) => one !== id) : [...kept, id] });
  return (
    <div className={css.page} data-testid="keys">
      <p className={css.lead}>A key that is ticked goes to the terminal while one has the focus.</p>
      <table className={css.table}>
        <thead>
          <tr>
            <th>Command</th>
            <th>Key</th>
            <th>To the terminal</th>
          </tr>
        </thead>
        <tbody>
          {withKeys.map((one) => (
            <tr key={one.id}>
              <td>{words(one)}</td>
              <td>
                <Keys shortcut={shortcuts(one)[0] ?? ""} />
              </td>
              <td>
                <input
                  type="checkbox"
                  aria-label={`${words(one)}: to the terminal`}
                  checked={kept.includes(one.id) || shortcuts(one).every(plain)}
                  disabled={shortcuts(one).every(plain)}
                  onChange={() => toggle(one.id)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
