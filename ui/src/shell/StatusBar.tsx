import { PanelBottom, PanelLeft } from "lucide-react";
import type { Sandbox } from "../api/wire/Sandbox";
import { Dot, IconButton } from "../kit";
import { bytes, bytesOf, count, millis, percent } from "../kit/format";
import { runCommand, shortcutOf } from "../state/commands";
import { openPane } from "../state/panes";
import { retryGateway, world } from "../state/sandboxes";
import { useSelected } from "../state/selection";
import { useSetting } from "../state/settings";
import { useLatency, useUsage } from "../state/stats";
import { type StatusItem, useStatus } from "../state/status";
import { stateWords, toneOf } from "../state/words";
import css from "./StatusBar.module.css";

/** The line at the bottom: the sandbox in view, in words. */
export const StatusBar = () => {
  const sandbox = useSelected();
  return (
    <footer className={css.status} data-testid="status-bar">
      <PanelToggle of="sidebar" />
      <Link />
      {sandbox ? <Of key={sandbox.id} one={sandbox} /> : <Engines />}
      {sandbox?.state === "running" && <PanelToggle of="panel" />}
    </footer>
  );
};

const toggles = {
  sidebar: { icon: PanelLeft, label: "Sidebar", key: "sidebarOpen" },
  panel: { icon: PanelBottom, label: "Panel", key: "panelOpen" },
} as const;

/** The mouse's way to hide and show a side of the window. */
function PanelToggle({ of }: { of: keyof typeof toggles }) {
  const { icon, label, key } = toggles[of];
  const open = useSetting(key);
  return (
    <IconButton
      className={css.toggle}
      icon={icon}
      label={open ? `Hide the ${of}` : `Show the ${of}`}
      shortcut={shortcutOf(`${of}.toggle`)}
      side="top"
      aria-expanded={open}
      onClick={() => void runCommand(`${of}.toggle`)}
      data-testid={`toggle-${label.toLowerCase()}`}
    />
  );
}

/** With no sandbox to tell of: what could run one. */
const Engines = () => {
  const engines = world((all) => all.engines);
  return engines.map(({ id, version, state }) => (
    <span key={id}>
      <Dot tone={state === "available" ? "ok" : "off"} /> {id} engine{version && `, ${version}`}
    </span>
  ));
};

/** Told only while the gateway is away. */
function Link() {
  const link = world((all) => all.link);
  const loaded = world((all) => all.loaded);
  if (link.at === "live" || !loaded) return null;
  return (
    <button
      type="button"
      className={css.away}
      onClick={retryGateway}
      title="Try now"
      data-testid="status-away"
    >
      <Dot tone="warn" /> No connection to the gateway, trying again
    </button>
  );
}

const network = { off: "network: off", on: "network: on", allow: "network: some hosts" };
const reach = {
  off: "Nothing beyond the sandbox can be reached. For one with network: New sandbox with options.",
  on: "The sandbox reaches the network, and nothing on this machine's 127.0.0.1.",
  allow: "The sandbox reaches the hosts that it was made with, and no others.",
};

function Of({ one }: { one: Sandbox }) {
  const running = one.state === "running";
  const { cwd, kernel } = useStatus(one.id);
  return (
    <>
      <span data-testid="status-sandbox">
        <Dot tone={toneOf[one.state]} /> <b>{one.name}</b> on {one.engine}
        {!running && `, ${stateWords(one)}`}
      </span>
      {running && <Used one={one} />}
      <span className={css.space} />
      <span title={reach[one.network.mode]}>{network[one.network.mode]}</span>
      {running && <Listening id={one.id} />}
      {running && <Item item={cwd} testId="status-cwd" />}
      {running && <Item item={kernel} testId="status-kernel" />}
      {running && <Latency id={one.id} />}
    </>
  );
}

function Used({ one }: { one: Sandbox }) {
  const usage = useUsage(one.id, true, 2000);
  if (!usage) return null;
  const limit = usage.memoryLimitBytes;
  return (
    <>
      {usage.cpuPercent !== undefined && <span>cpu {percent(usage.cpuPercent)}</span>}
      <span>{limit ? bytesOf(usage.memoryBytes, limit) : bytes(usage.memoryBytes)}</span>
      <span>{count(usage.processes, "process", "processes")}</span>
    </>
  );
}

function Listening({ id }: { id: string }) {
  const ports = world(({ listening }) => listening[id]?.length);
  if (!ports) return null;
  return (
    <button type="button" className={css.link} onClick={() => openPane("ports")} data-testid="status-ports">
      {count(ports, "port")}
    </button>
  );
}

const Item = ({ item, testId }: { item?: StatusItem; testId: string }) =>
  item && (
    <span title={item.title} className={css.item} data-testid={testId}>
      {item.tone && <Dot tone={item.tone} />} {item.text}
    </span>
  );

function Latency({ id }: { id: string }) {
  const latency = useLatency(id, true);
  if (latency === undefined) return null;
  return (
    <span
      title="A round trip from this window to the agent in the sandbox and back"
      data-testid="status-latency"
    >
      {millis(latency)}
    </span>
  );
}
