// The commands of the window itself. Those of a pane stand in its folder.
import { yieldFocus } from "../kit/focus";
import { type Command, register, runCommand } from "../state/commands";
import { askDelete, createQuick, turn } from "../state/life";
import { activePane, dockOf, openPane, paneType } from "../state/panes";
import { world } from "../state/sandboxes";
import { select, selected } from "../state/selection";
import { type Settings, set, settings } from "../state/settings";
import { aside, palette, renaming, sheet } from "./uiState";

const dock = () => dockOf(selected()?.id);
const running: Command["when"] = ({ sandbox }) => sandbox?.state === "running";
const hasPane: Command["when"] = ({ pane }) => pane !== undefined;
const flip = (key: "sidebarOpen" | "panelOpen") => {
  const { [key]: open } = settings.getState();
  set({ [key]: !open } as Pick<Settings, typeof key>);
};

const view: Command[] = [
  {
    id: "palette.open",
    title: "Show all commands",
    shortcut: ["mod+shift+p", "f1"],
    hidden: true,
    run: () => palette.setState({ open: "commands" }),
  },
  {
    id: "palette.files",
    title: "Go to file…",
    group: "Files",
    shortcut: "mod+p",
    when: running,
    run: () => palette.setState({ open: "files" }),
  },
  {
    id: "sidebar.toggle",
    title: "Show or hide the sidebar",
    group: "View",
    shortcut: "mod+b",
    run: () => flip("sidebarOpen"),
  },
  {
    id: "panel.toggle",
    title: "Show or hide the panel",
    group: "View",
    shortcut: "mod+j",
    run: () => flip("panelOpen"),
  },
  {
    id: "settings.open",
    title: "Settings",
    group: "Window",
    shortcut: "mod+,",
    run: () => showPage("settings"),
  },
  {
    id: "keys.open",
    title: "Keyboard shortcuts",
    group: "Window",
    shortcut: "mod+shift+,",
    run: () => showPage("keys"),
  },
];

/** A page of the window itself: a tab where there is a dock, at the side otherwise. */
function showPage(page: "settings" | "keys") {
  if (dock() && selected()?.state === "running") openPane(page);
  else aside.setState({ open: page });
}

/** Splits with what is at hand: a terminal beside a terminal, else the tab itself moved aside. */
const split: Command["run"] = ({ pane }) =>
  !pane || pane.type === "terminal" || !dock()?.moveActive("right")
    ? runCommand("terminal.splitRight")
    : undefined;

/** A tab's own F2 is for when the focus is on the tab strip or its pane, and not in the tree or the list. */
const inDock = () =>
  document.activeElement?.closest("[data-dock]") !== null && document.activeElement !== null;

const tabs: Command[] = [
  {
    id: "pane.splitRight",
    title: "Split right",
    group: "Tabs",
    shortcut: "mod+\\",
    when: running,
    run: split,
  },
  {
    id: "pane.maximise",
    title: "Maximise or restore",
    group: "Tabs",
    shortcut: "mod+shift+m",
    when: hasPane,
    run: () => dock()?.toggleMaximised(),
  },
  {
    id: "tab.close",
    title: "Close tab",
    group: "Tabs",
    shortcut: ["mod+w", "alt+w"],
    when: hasPane,
    run: () => dock()?.closeActive(),
  },
  {
    id: "tab.next",
    title: "Next tab",
    group: "Tabs",
    shortcut: "mod+pagedown",
    when: hasPane,
    run: () => dock()?.step(1),
  },
  {
    id: "tab.previous",
    title: "Previous tab",
    group: "Tabs",
    shortcut: "mod+pageup",
    when: hasPane,
    run: () => dock()?.step(-1),
  },
  {
    id: "group.next",
    title: "Next group of tabs",
    group: "Tabs",
    shortcut: "f6",
    when: hasPane,
    run: () => dock()?.nextGroup(),
  },
  {
    id: "tab.rename",
    title: "Rename tab",
    group: "Tabs",
    shortcut: "f2",
    when: ({ pane }) => Boolean(pane && paneType(pane.type)?.rename) && inDock(),
    run: () => dock()?.renameActive(),
  },
  ...Array.from(
    { length: 9 },
    (_, at): Command => ({
      id: `tab.${at + 1}`,
      title: at === 8 ? "Last tab" : `Tab ${at + 1}`,
      group: "Tabs",
      shortcut: `mod+${at + 1}`,
      hidden: true,
      when: () => activePane() !== undefined,
      run: () => {
        if (!inDock()) yieldFocus();
        dock()?.activate(at === 8 ? -1 : at);
      },
    }),
  ),
];

const inState =
  (...states: string[]): Command["when"] =>
  ({ sandbox }) =>
    sandbox !== undefined && states.includes(sandbox.state);

const life = (verb: Parameters<typeof turn>[1], title: string, when: Command["when"]): Command => ({
  id: `sandbox.${verb}`,
  title,
  group: "Sandbox",
  when,
  run: ({ sandbox }) => sandbox && turn(sandbox.id, verb),
});

const sandboxes: Command[] = [
  { id: "sandbox.new", title: "New sandbox", group: "Sandbox", shortcut: "mod+shift+n", run: createQuick },
  {
    id: "sandbox.newWith",
    title: "New sandbox with options…",
    group: "Sandbox",
    run: () => sheet.setState({ open: "new" }),
  },
  life("start", "Start", inState("stopped", "failed")),
  life("resume", "Resume", inState("paused")),
  life("pause", "Pause", inState("running")),
  life("stop", "Stop", inState("running", "paused")),
  life("restart", "Restart", inState("running")),
  {
    id: "sandbox.rename",
    title: "Rename…",
    group: "Sandbox",
    when: ({ sandbox }) => sandbox !== undefined,
    run: ({ sandbox }) => {
      set({ sidebarOpen: true });
      renaming.setState({ id: sandbox?.id });
    },
  },
  {
    id: "sandbox.edit",
    title: "Edit…",
    group: "Sandbox",
    when: ({ sandbox }) => sandbox !== undefined,
    run: ({ sandbox }) => sheet.setState({ open: "edit", id: sandbox?.id }),
  },
  {
    id: "sandbox.delete",
    title: "Delete…",
    group: "Sandbox",
    when: ({ sandbox }) => sandbox !== undefined,
    run: ({ sandbox }) => {
      set({ sidebarOpen: true });
      askDelete(sandbox?.id);
    },
  },
];

/** A command for each sandbox, so that the palette goes to one by name. */
function goTo() {
  let drop = () => {};
  return () => {
    drop();
    drop = register(
      world.getState().sandboxes.map(({ id, name }) => ({
        id: `sandbox.go.${id}`,
        title: `Go to ${name}`,
        group: "Sandbox",
        when: ({ sandbox }) => sandbox?.id !== id,
        run: () => select(id),
      })),
    );
  };
}

export function registerShellCommands() {
  register([...view, ...tabs, ...sandboxes]);
  const tell = goTo();
  tell();
  world.subscribe((now, before) => now.sandboxes !== before.sandboxes && tell());
}
