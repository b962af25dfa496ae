import { useQuery } from "@tanstack/react-query";
import { Command as Cmdk } from "cmdk";
import { useMemo, useState } from "react";
import { allFiles, WORKSPACE } from "../../api/agent";
import { ApiFailure } from "../../api/failure";
import { Failed, Loading } from "../../kit";
import { openFile } from "../../state/panes";
import { palette } from "../uiState";
import { bestFiles } from "./best";
import css from "./Palette.module.css";

/** The files of a sandbox, found by a few letters of their path. */
export function FileList({ sandboxId, close }: { sandboxId: string; close(): void }) {
  const [typed, type] = useState("");
  const files = useQuery({
    queryKey: ["files", sandboxId],
    queryFn: ({ signal }) => allFiles(sandboxId, signal),
    staleTime: 0,
  });
  const best = useMemo(() => bestFiles(files.data ?? [], typed), [files.data, typed]);
  const onType = (text: string) =>
    text.startsWith(">") ? palette.setState({ open: "commands" }) : type(text);
  const pick = (path: string) => {
    close();
    setTimeout(() => openFile(sandboxId, `${WORKSPACE}/${path}`));
  };
  return (
    <Cmdk label="Go to file" shouldFilter={false} loop>
      <Cmdk.Input
        className={css.input}
        placeholder="Go to file, or > for commands"
        value={typed}
        onValueChange={onType}
      />
      <Cmdk.List className={css.list}>
        {files.isPending && <Loading lines={3} />}
        {files.error && (
          <Failed tight failure={ApiFailure.from(files.error)} onRetry={() => void files.refetch()} />
        )}
        {files.data && (
          <Cmdk.Empty className={css.none}>
            {typed ? "No file of that name." : "The workspace holds no files yet."}
          </Cmdk.Empty>
        )}
        {best.map((path) => (
          <Cmdk.Item key={path} value={path} className={css.item} onSelect={() => pick(path)}>
            <PathName path={path} />
          </Cmdk.Item>
        ))}
      </Cmdk.List>
    </Cmdk>
  );
}

const PathName = ({ path }: { path: string }) => {
  const cut = path.lastIndexOf("/");
  return (
    <span className={css.path}>
      {path.slice(cut + 1)} {cut > 0 && <span className={css.group}>{path.slice(0, cut)}</span>}
    </span>
  );
};
