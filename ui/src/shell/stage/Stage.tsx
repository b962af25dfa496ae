import { useEffect } from "react";
import { Loading } from "../../kit";
import { world } from "../../state/sandboxes";
import { useSelected } from "../../state/selection";
import { FirstRun } from "./FirstRun";
import { GatewayGone } from "./GatewayGone";
import { NotRunning } from "./NotRunning";
import css from "./Stage.module.css";

/** What stands in place of the panes while there are none to show. */
export function Stage() {
  const loaded = world((all) => all.loaded);
  const waiting = world((all) => all.link.at === "waiting");
  const sandbox = useSelected();
  // From here on the window can be used: `make bench` reads when that was.
  useEffect(() => {
    if (loaded) performance.mark("usable");
  }, [loaded]);
  if (loaded && sandbox?.state === "running") return null;
  return (
    <div className={css.stage} data-yields-focus data-testid="stage">
      {!loaded && (waiting ? <GatewayGone /> : <Loading />)}
      {loaded && !sandbox && <FirstRun />}
      {loaded && sandbox && <NotRunning one={sandbox} />}
    </div>
  );
}
