import { Dot, Menu, type Tone } from "../../../kit";
import { kernelMenu } from "../menus";
import css from "../Notebook.module.css";
import { inLanguage } from "../session/kernels";
import type { NotebookState } from "../session/state";
import { useNotebook, useSession } from "../useNotebook";

/** Which kernel, and what it does; its menu changes it. */
export function KernelPill() {
  const session = useSession();
  const name = useNotebook(kernelName);
  const state = useNotebook(kernelWords);
  return (
    <Menu items={() => kernelMenu(session)}>
      <button
        type="button"
        className={css.pill}
        aria-label={`Kernel: ${name}, ${state}`}
        data-testid="kernel"
        data-state={state}
      >
        <Dot tone={TONES[state] ?? "off"} />
        {name} · {state}
      </button>
    </Menu>
  );
}

const TONES: Record<string, Tone> = {
  idle: "ok",
  busy: "busy",
  starting: "busy",
  "connecting…": "warn",
  disconnected: "warn",
  dead: "bad",
  failed: "bad",
};

export const kernelName = ({ kernel, context }: NotebookState) =>
  inLanguage(context?.displayName ?? kernel.displayName, kernel.language);

export function kernelWords({ context, starting, kernelFailure, link, runs }: NotebookState): string {
  if (starting) return "starting";
  if (kernelFailure) return "failed";
  if (!context) return "not started";
  if (link?.at === "connecting") return "connecting…";
  if (link?.at === "waiting" || link?.at === "refused") return "disconnected";
  return runs.kernel === "none" ? "starting" : runs.kernel;
}
