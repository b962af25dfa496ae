/** The life of a terminal in its tab: made when the font is there, sized with its element, joined again when its sandbox runs. */
import { type RefObject, useEffect, useState, useSyncExternalStore } from "react";
import { openFile } from "../../state/panes";
import { settings, useSetting } from "../../state/settings";
import { useTheme } from "../../theme";
import { resolvePath } from "../files/model/paths";
import { LiveTerminal } from "./live";
import { putLive } from "./registry";
import { fontReady } from "./screen";

export function useLive(
  sandboxId: string,
  id: string,
  paneId: string,
  element: RefObject<HTMLElement | null>,
): LiveTerminal | undefined {
  const [live, setLive] = useState<LiveTerminal>();
  useEffect(() => {
    let end = () => {};
    let over = false;
    void fontReady(settings.getState().terminalFontSize).then(() => {
      if (over || !element.current) return;
      const made = new LiveTerminal(
        sandboxId,
        id,
        element.current,
        settings.getState(),
        ({ path, line, column }) => openFile(sandboxId, resolvePath(path), { line, column }),
      );
      const take = putLive(paneId, made);
      setLive(made);
      end = () => {
        take();
        made.dispose();
      };
    });
    return () => {
      over = true;
      end();
      setLive(undefined);
    };
  }, [sandboxId, id, paneId, element]);
  return live;
}

const nothing = () => () => {};

/** Draws again when what the terminal shows beside its bytes has changed. */
export const useLiveVersion = (live: LiveTerminal | undefined) =>
  useSyncExternalStore(live?.subscribe ?? nothing, () => live?.version ?? 0);

/** Keeps size, renderer, font and colours of the screen right. */
export function useFitting(
  live: LiveTerminal | undefined,
  element: RefObject<HTMLElement | null>,
  visible: boolean,
): void {
  useEffect(() => {
    if (!live || !element.current) return;
    let frame = 0;
    const observer = new ResizeObserver(() => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => live.resize());
    });
    observer.observe(element.current);
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
    };
  }, [live, element]);

  useEffect(() => {
    if (!live) return;
    live.screen.setVisible(visible);
    if (visible) live.resize();
  }, [live, visible]);

  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the document
  useEffect(() => live?.screen.retint(), [live, theme]);

  const terminalFontSize = useSetting("terminalFontSize");
  const scrollback = useSetting("scrollback");
  const terminalRenderer = useSetting("terminalRenderer");
  useEffect(() => {
    if (!live) return;
    live.screen.apply({ terminalFontSize, scrollback, terminalRenderer });
    live.resize();
  }, [live, terminalFontSize, scrollback, terminalRenderer]);
}
