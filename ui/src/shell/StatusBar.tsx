import type { Sandbox } from "../api/wire/Sandbox";
import { Dot } from "../kit";
import { bytes, count, millis, percent } from "../kit/format";
import { retryGateway, world } from "../state/sandboxes";
import { useSelected } from "../state/selection";
import { useLatency, useUsage } from "../state/stats";
import { type StatusItem, useStatus } from "../state/status";
import { stateWords, toneOf } from "../state/words";
import css from "./StatusBar.module.css";

/** The line at the bottom: the sandbox in view, in words. */
export const StatusBar = () => {
  const sandbox = useSelected();
  return (
    <footer className={css.status} data-testid="status-bar">
      <Link />
      {sandbox && <Of key={sandbox.id} one={sandbox} />}
    </footer>
  );
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
      <span>{network[one.network.mode]}</span>
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
      <span>{limit ? `${bytes(usage.memoryBytes)} of ${bytes(limit)}` : bytes(usage.memoryBytes)}</span>
      <span>{count(usage.processes, "process", "processes")}</span>
    </>
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
