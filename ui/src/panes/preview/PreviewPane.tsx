import { SquareTerminal } from "lucide-react";
import { useRef, useState } from "react";
import { Button, Dot, Empty, Failed, Loading } from "../../kit";
import { runCommand } from "../../state/commands";
import type { PaneProps } from "../../state/panes";
import { back, canGoBack, goTo, pathOf, reload, startTrail, typedPath, wentOn } from "./history";
import css from "./Preview.module.css";
import { PreviewBar } from "./PreviewBar";
import { PreviewFrame } from "./PreviewFrame";
import { type Server, useServer } from "./usePreview";
import type { Width } from "./widths";

export interface PreviewParams {
  port: number;
  path?: string;
  width?: Width;
}

/** A page that a server in the sandbox makes. */
export function PreviewPane({ sandboxId: id, params, pane }: PaneProps<PreviewParams>) {
  const { port, width = "fit" } = params;
  const server = useServer(id, port);
  const [trail, setTrail] = useState(() => startTrail(params.path ?? "/"));
  const go = (typed: string) => {
    const path = server.url && typedPath(typed, server.url);
    if (!path) return false;
    pane.setParams({ path });
    setTrail(goTo(trail, path));
    return true;
  };
  const stepping = useRef(false);
  const goBack = () => {
    // The page's own steps are in the window's history, which only they are in.
    stepping.current = trail.within > 0;
    if (stepping.current) history.back();
    setTrail(back(trail));
  };
  const loadedAnother = () => {
    if (!stepping.current) setTrail(wentOn);
    stepping.current = false;
  };
  return (
    <div className={css.pane} data-testid="preview">
      <PreviewBar
        id={id}
        port={port}
        path={pathOf(trail)}
        width={width}
        onBack={canGoBack(trail) ? goBack : undefined}
        onReload={() => setTrail(reload(trail))}
        onGo={go}
        onWidth={(chosen) => pane.setParams({ width: chosen })}
      />
      <Page port={port} server={server}>
        {(url) => (
          <PreviewFrame
            key={`${trail.loads} ${server.comebacks}`}
            src={new URL(pathOf(trail), url).href}
            title={`Preview of port ${port}`}
            width={width}
            onLoadedAnother={loadedAnother}
          />
        )}
      </Page>
    </div>
  );
}

interface PageProps {
  port: number;
  server: Server;
  children(url: string): React.ReactNode;
}

/** The page, or what stands in its place: no address, nothing that listens, a server that went away. */
function Page({ port, server, children }: PageProps) {
  const { url, up, failure, retry } = server;
  const [seen, setSeen] = useState(up);
  if (up && !seen) setSeen(true);
  if (failure) return <Failed failure={failure} onRetry={retry} />;
  if (!url && seen) return <Unexposed port={port} onExpose={retry} />;
  if (!seen) return <Refused port={port} />;
  if (!url) return <Loading />;
  return (
    <>
      {!up && <Gone port={port} />}
      {children(url)}
    </>
  );
}

const Gone = ({ port }: { port: number }) => (
  <div className={css.gone} role="status" data-testid="preview-gone">
    <Dot tone="bad" />
    The server on port {port} has stopped. The page loads again when it is back.
  </div>
);

const Refused = ({ port }: { port: number }) => (
  <Empty
    title={`Nothing listens on port ${port}`}
    data-testid="preview-refused"
    actions={
      <Button
        icon={<SquareTerminal size={16} aria-hidden="true" />}
        onClick={() => void runCommand("terminal.focus")}
      >
        Go to the terminal
      </Button>
    }
  >
    Start the server and the page opens here by itself.
  </Empty>
);

const Unexposed = ({ port, onExpose }: { port: number; onExpose(): void }) => (
  <Empty
    title={`Port ${port} is no longer exposed`}
    data-testid="preview-unexposed"
    actions={<Button onClick={onExpose}>Expose it again</Button>}
  >
    Its address was taken away, so this page cannot be shown.
  </Empty>
);
