import type { IDockviewPanelHeaderProps } from "dockview-react";
import { X } from "lucide-react";
import { type MouseEvent, useContext, useEffect, useRef, useState } from "react";
import { ContextMenu } from "../../kit";
import { paneType } from "../../state/panes";
import css from "./Dock.module.css";
import { closePane } from "./handle";
import { DockContext } from "./PaneBody";
import { PaneIcon } from "./PaneIcon";
import { TabName } from "./TabName";
import { tabMenu } from "./tabMenu";
import { setTab, tabKey, useTab } from "./tabs";

/** A tab: icon, name (renamed in place), a mark for what is not saved, and its close. */
export function DockTab({ api, containerApi }: IDockviewPanelHeaderProps) {
  const { sandboxId } = useContext(DockContext);
  const title = useTitle(api);
  const place = useInSight(api, title);
  const { dirty, renaming } = useTab(tabKey(sandboxId, api.id));
  const panel = () => containerApi.getPanel(api.id);
  const close = () => {
    const one = panel();
    if (one) void closePane(sandboxId, one);
  };
  const rename = () =>
    paneType(api.component)?.rename && setTab(tabKey(sandboxId, api.id), { renaming: true });
  const onMiddle = (event: MouseEvent) => {
    if (event.button !== 1) return;
    event.preventDefault();
    close();
  };
  return (
    <ContextMenu items={() => tabMenu(sandboxId, containerApi, panel())}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the tab around it is dockview's, with role and keys */}
      <div
        ref={place}
        className={css.tab}
        title={title}
        onAuxClick={onMiddle}
        onDoubleClick={rename}
        data-testid={`tab-${api.component}`}
        data-dirty={dirty || undefined}
      >
        <PaneIcon type={api.component} params={panel()?.params} />
        {renaming ? (
          <TabName sandboxId={sandboxId} panel={panel()} />
        ) : (
          <span className={css.name}>{title}</span>
        )}
        <button
          type="button"
          className={css.close}
          aria-label={dirty ? `Close ${title}, not saved` : `Close ${title}`}
          tabIndex={-1}
          onPointerDown={(event) => event.stopPropagation()}
          onClick={close}
        >
          <X size={14} aria-hidden="true" />
        </button>
      </div>
    </ContextMenu>
  );
}

/** The tab in front is in sight: dockview scrolls to it before its name is drawn, when it has no width yet. */
function useInSight(api: IDockviewPanelHeaderProps["api"], title: string) {
  const place = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: its width follows its title
  useEffect(() => {
    const tab = place.current?.closest(".dv-tab");
    const show = () => {
      if (api.isVisible) tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
    };
    show();
    const stop = api.onDidVisibilityChange(show);
    // The strip narrows when the list of hidden tabs joins it, and has no width while another sandbox is in view.
    const strip = new ResizeObserver(show);
    if (tab?.parentElement) strip.observe(tab.parentElement);
    return () => {
      stop.dispose();
      strip.disconnect();
    };
  }, [api, title]);
  return place;
}

function useTitle(api: IDockviewPanelHeaderProps["api"]) {
  const [title, set] = useState(api.title ?? "");
  useEffect(() => {
    set(api.title ?? "");
    const stop = api.onDidTitleChange((event) => set(event.title));
    return () => stop.dispose();
  }, [api]);
  return title;
}
