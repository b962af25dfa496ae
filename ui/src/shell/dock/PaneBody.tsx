import type { IDockviewPanelProps } from "dockview-react";
import { createContext, Suspense, useContext, useEffect, useMemo, useState } from "react";
import { Loading } from "../../kit";
import { paneType } from "../../state/panes";
import { PaneBoundary } from "../PaneBoundary";
import { handleOf } from "./handle";

/** Which sandbox a dock is of, and whether that one is in view. */
export const DockContext = createContext({ sandboxId: "", shown: true });

/** One pane in the dock: its component with what every pane is given. */
export function PaneBody({ api, containerApi, params }: IDockviewPanelProps) {
  const { sandboxId, shown } = useContext(DockContext);
  const definition = paneType(api.component);
  const pane = useMemo(() => handleOf(sandboxId, api.id, containerApi), [sandboxId, api.id, containerApi]);
  const visible = useVisible(api) && shown;
  if (!definition) return null;
  const Content = definition.component;
  return (
    <PaneBoundary>
      <Suspense fallback={<Loading />}>
        <Content sandboxId={sandboxId} params={params} pane={pane} visible={visible} />
      </Suspense>
    </PaneBoundary>
  );
}

function useVisible(api: IDockviewPanelProps["api"]) {
  const [visible, set] = useState(false);
  useEffect(() => {
    let frame = 0;
    // Told a frame late that it is seen: until then dockview has not laid it out, and it takes no focus.
    const tell = (now: boolean) => {
      cancelAnimationFrame(frame);
      if (now) frame = requestAnimationFrame(() => set(true));
      else set(false);
    };
    tell(api.isVisible);
    const stop = api.onDidVisibilityChange((event) => tell(event.isVisible));
    return () => {
      cancelAnimationFrame(frame);
      stop.dispose();
    };
  }, [api]);
  return visible;
}
