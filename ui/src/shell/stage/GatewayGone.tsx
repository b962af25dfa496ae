import { gone } from "../../api/failure";
import { Failed } from "../../kit";
import { retryGateway, world } from "../../state/sandboxes";

/** Nothing is known yet, since the gateway does not answer. */
export function GatewayGone() {
  const link = world((all) => all.link);
  return <Failed failure={link.at === "waiting" ? link.failure : gone()} onRetry={retryGateway} />;
}
