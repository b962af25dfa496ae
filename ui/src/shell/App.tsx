import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Tooltip } from "radix-ui";
import type { CSSProperties } from "react";
import { useSetting } from "../state/settings";
import css from "./App.module.css";
import { Aside } from "./Aside";
import { Main } from "./Main";
import { Notices } from "./Notices";
import { Palette } from "./palette/Palette";
import { StatusBar } from "./StatusBar";
import { SandboxSheet } from "./sheet/SandboxSheet";
import { Sidebar } from "./sidebar/Sidebar";
import { useKeys } from "./useKeys";
import { useTitle } from "./useTitle";

const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 5000 } },
});

/** The window: sidebar, panes, panel and status bar, in a grid. */
export function App() {
  useKeys();
  useTitle();
  const open = useSetting("sidebarOpen");
  const width = useSetting("sidebarWidth");
  const style = { "--side": open ? `${width}px` : "0px" } as CSSProperties;
  return (
    <QueryClientProvider client={queries}>
      <Tooltip.Provider delayDuration={500} skipDelayDuration={200}>
        <div className={css.app} style={style}>
          {open && <Sidebar />}
          <Main />
          <StatusBar />
        </div>
        <SandboxSheet />
        <Aside />
        <Palette />
        <Notices />
      </Tooltip.Provider>
    </QueryClientProvider>
  );
}
