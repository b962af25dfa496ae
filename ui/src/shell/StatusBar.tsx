import { Dot } from "../kit";
import { useSelected } from "../state/selection";
import { useStatus } from "../state/status";
import css from "./StatusBar.module.css";

/** The line at the bottom: the sandbox in view, in words. */
export function StatusBar() {
  const sandbox = useSelected();
  const { cwd, kernel, latency } = useStatus(sandbox?.id);
  return (
    <footer className={css.status} data-testid="status-bar">
      {sandbox && (
        <span>
          <Dot tone={sandbox.state === "running" ? "ok" : "off"} /> <b>{sandbox.name}</b> on {sandbox.engine}
        </span>
      )}
      <span className={css.space} />
      {[cwd, kernel, latency].map((item) => item && <span key={item.text}>{item.text}</span>)}
    </footer>
  );
}
