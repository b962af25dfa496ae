import { useEffect } from "react";
import { host } from "../host";
import { useSelected } from "../state/selection";

/** Names the window after the sandbox in view. */
export function useTitle() {
  const name = useSelected()?.name;
  useEffect(() => host.setTitle(name ? `${name} · Sandpit` : "Sandpit"), [name]);
}
