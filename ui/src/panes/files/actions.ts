/** What can be done with files in the tree. Each tells its failure by a notice; what takes something away can be undone. */
import { ApiFailure } from "../../api/failure";
import { archivePath, copy, makeFolder, move, rawPath, restore, trash, writeFile } from "../../api/files";
import { host } from "../../host";
import { notify, notifyFailure } from "../../state/notices";
import { openFile } from "../../state/panes";
import type { FileBrowser } from "./browser";
import { mayDrop } from "./model/drop";
import { copyName, join, nameOf, parentOf, relativeToWorkspace, topmost } from "./model/paths";
import { nothingSelected, only } from "./model/selection";

/** Makes an empty file or a folder, and shows it; a file is opened. Whether it worked. */
export async function create(files: FileBrowser, folder: string, kind: "file" | "folder", name: string) {
  const path = join(folder, name);
  try {
    if (kind === "folder") await makeFolder(files.sandboxId, path);
    else await writeFile(files.sandboxId, path, "", "nothing");
  } catch (thrown) {
    notifyFailure(thrown, `“${name}” was not made`);
    return false;
  }
  files.select(only(path));
  files.reveal(path);
  if (kind === "file") openFile(files.sandboxId, path);
  return true;
}

export async function rename(files: FileBrowser, path: string, name: string): Promise<boolean> {
  const to = join(parentOf(path), name);
  if (to === path) return true;
  try {
    await move(files.sandboxId, path, to);
    files.moved(path, to);
  } catch (thrown) {
    notifyFailure(thrown, `“${nameOf(path)}” was not renamed`);
    return false;
  }
  files.select(only(to));
  files.revealing = to;
  return true;
}

const count = (paths: readonly string[]) =>
  paths.length === 1 ? `“${nameOf(paths[0] ?? "")}”` : `${paths.length} entries`;

/** Into the trash, with a way back. */
export async function remove(files: FileBrowser, paths: readonly string[]): Promise<void> {
  const gone = topmost(paths);
  if (gone.length === 0) return;
  try {
    const trashed = await trash(files.sandboxId, gone);
    files.select(nothingSelected);
    const undo = () =>
      void restore(files.sandboxId, trashed).then(
        () => files.select({ ...only(gone[0] ?? ""), paths: new Set(gone) }),
        (thrown) => notifyFailure(thrown, `${count(gone)} could not be put back`),
      );
    notify({
      tone: "info",
      text: `${count(gone)} deleted`,
      action: { label: "Undo", run: undo },
      lasts: 10_000,
    });
  } catch (thrown) {
    notifyFailure(thrown, `${count(gone)} could not be deleted`);
  }
}

/** Moves or copies entries into a folder. A copy beside its original gets a free name. */
export async function put(files: FileBrowser, paths: readonly string[], folder: string, asCopy: boolean) {
  const from = topmost(paths).filter((path) => asCopy || parentOf(path) !== folder);
  if (!mayDrop(from, folder, asCopy)) return;
  const done: [string, string][] = [];
  try {
    for (const path of from) {
      const to = join(folder, freeName(files, path, folder, asCopy));
      await (asCopy ? copy : move)(files.sandboxId, path, to);
      if (!asCopy) files.moved(path, to);
      done.push([path, to]);
    }
  } catch (thrown) {
    notifyFailure(named(thrown, folder), `${count(from)} could not be ${asCopy ? "copied" : "moved"}`);
  }
  if (done.length === 0) return;
  const places = done.map(([, to]) => to);
  files.select({ ...only(places[0] ?? ""), paths: new Set(places) });
  files.reveal(places[0] ?? folder);
  if (!asCopy) notifyMoved(files, done, folder);
}

function notifyMoved(files: FileBrowser, done: readonly [string, string][], folder: string): void {
  const undo = async () => {
    try {
      for (const [from, to] of done.toReversed()) {
        await move(files.sandboxId, to, from);
        files.moved(to, from);
      }
    } catch (thrown) {
      notifyFailure(thrown, "Could not be moved back");
    }
  };
  const text = `${count(done.map(([from]) => from))} moved to ${relativeToWorkspace(folder)}`;
  notify({ tone: "info", text, action: { label: "Undo", run: () => void undo() } });
}

const freeName = (files: FileBrowser, path: string, folder: string, asCopy: boolean): string =>
  asCopy && parentOf(path) === folder
    ? copyName(nameOf(path), (name) => files.tree.has(folder, name))
    : nameOf(path);

/** Which name is taken, in the failure's own words. */
const named = (thrown: unknown, folder: string): unknown => {
  const failure = ApiFailure.from(thrown);
  if (failure.code !== "FILE_EXISTS") return thrown;
  return new ApiFailure("FILE_EXISTS", `${relativeToWorkspace(folder)} has an entry of that name already.`);
};

export const duplicate = async (files: FileBrowser, paths: readonly string[]) => {
  for (const path of topmost(paths)) await put(files, [path], parentOf(path), true);
};

export function hold(files: FileBrowser, cut: boolean): void {
  const paths = topmost(files.chosen);
  if (paths.length > 0) files.setHeld({ paths, cut });
}

export async function paste(files: FileBrowser, folder: string): Promise<void> {
  const { held } = files;
  if (!held) return;
  if (held.cut) files.setHeld(undefined);
  await put(files, held.paths, folder, !held.cut);
}

export async function copyPaths(paths: readonly string[], relative: boolean): Promise<void> {
  const text = paths.map((path) => (relative ? relativeToWorkspace(path) : path)).join("\n");
  await host.clipboard.writeText(text).catch((thrown) => notifyFailure(thrown, "The path was not copied"));
}

/** Saves an entry to the person's own machine, a folder as tar. It streams to disk and never passes through the window. */
export async function download(files: FileBrowser, path: string): Promise<void> {
  const folder = files.tree.entry(path)?.folder === true;
  const [name, source] = folder
    ? [`${nameOf(path)}.tar`, archivePath(files.sandboxId, path)]
    : [nameOf(path), rawPath(files.sandboxId, path, true)];
  await host
    .saveFile(name, { path: source })
    .catch((thrown) => notifyFailure(thrown, `“${nameOf(path)}” was not saved`));
}
