import { useEffect, useRef, useState } from "react";
import { ApiFailure } from "../../api/failure";
import { useSandbox } from "../../state/sandboxes";
import { expose } from "../ports/actions";
import { useListening } from "../ports/follow";

export interface Server {
  /** The preview's address, once the port has one. */
  url?: string;
  /** Whether something listens now. */
  up: boolean;
  /** Raised each time it came up again after it was gone. */
  comebacks: number;
  failure?: ApiFailure;
  retry(): void;
}

/** The server behind a preview: gives its port an address, and follows whether it is there. */
export function useServer(id: string, port: number): Server {
  const url = useSandbox(id)?.ports.find((one) => one.port === port)?.url;
  const up = useListening(id).some((one) => one.port === port);
  const [failure, setFailure] = useState<ApiFailure>();
  const [tries, setTries] = useState(0);
  const taken = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tries` asks again
  useEffect(() => {
    if (url) taken.current = true;
    // One that had an address and lost it was unexposed on purpose.
    if (url || taken.current) return;
    setFailure(undefined);
    expose(id, port).catch((thrown) => setFailure(ApiFailure.from(thrown)));
  }, [id, port, url, tries]);
  const retry = () => {
    taken.current = false;
    setTries(tries + 1);
  };
  return { url, up, comebacks: useComebacks(up), failure, retry };
}

function useComebacks(up: boolean): number {
  const [comebacks, count] = useState(0);
  const was = useRef({ up, ever: up });
  useEffect(() => {
    const { up: before, ever } = was.current;
    was.current = { up, ever: ever || up };
    if (up && !before && ever) count((all) => all + 1);
  }, [up]);
  return comebacks;
}
