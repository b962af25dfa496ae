import { X } from "lucide-react";
import { Tabs } from "radix-ui";
import { Suspense } from "react";
import { IconButton, Loading } from "../kit";
import { type PaneDefinition, type PaneHandle, paneTypes } from "../state/panes";
import { set, useSetting } from "../state/settings";
import { PaneBoundary } from "./PaneBoundary";
import css from "./Panel.module.css";
import { Splitter } from "./Splitter";
import { panelTab } from "./uiState";

/** A handle for a pane that has no tab of its own to name or close. */
export const fixedHandle = (type: string, focus: () => void): PaneHandle => ({
  id: type,
  setTitle: () => {},
  setParams: () => {},
  setDirty: () => {},
  guardClose: () => {},
  close: () => {},
  focus,
});

/** The bottom panel of the sandbox in view: one tab for each kind of pane at home there. */
export function Panel({ sandboxId }: { sandboxId: string }) {
  const kinds = paneTypes("panel");
  const tab = panelTab((all) => all.type) ?? kinds[0]?.type ?? "";
  const setTab = (type: string) => panelTab.setState({ type });
  const height = useSetting("panelHeight");
  if (!kinds.length) return null;
  return (
    <Tabs.Root
      className={css.panel}
      style={{ height }}
      value={tab}
      onValueChange={setTab}
      data-testid="panel"
    >
      <Splitter
        edge="top"
        value={height}
        least={80}
        most={600}
        onChange={(panelHeight) => set({ panelHeight })}
      />
      <div className={css.head}>
        <Tabs.List className={css.tabs} aria-label="Panel">
          {kinds.map((kind) => (
            <PanelTab key={kind.type} kind={kind} sandboxId={sandboxId} />
          ))}
        </Tabs.List>
        {kinds.map(
          (kind) =>
            kind.type === tab && kind.actions && <kind.actions key={kind.type} sandboxId={sandboxId} />,
        )}
        <IconButton
          icon={X}
          label="Close the panel"
          shortcut="mod+j"
          onClick={() => set({ panelOpen: false })}
        />
      </div>
      {kinds.map((kind) => (
        <Tabs.Content key={kind.type} value={kind.type} className={css.body} tabIndex={-1}>
          <PaneBoundary key={sandboxId}>
            <Suspense fallback={<Loading lines={2} />}>
              <kind.component
                key={sandboxId}
                sandboxId={sandboxId}
                params={{}}
                pane={fixedHandle(kind.type, () => setTab(kind.type))}
                visible={kind.type === tab}
              />
            </Suspense>
          </PaneBoundary>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

const PanelTab = ({ kind, sandboxId }: { kind: PaneDefinition; sandboxId: string }) => (
  <Tabs.Trigger className={css.tab} value={kind.type} data-testid={`panel-tab-${kind.type}`}>
    {kind.title({})}
    {kind.count && <kind.count sandboxId={sandboxId} />}
  </Tabs.Trigger>
);
