/** Choosing and saving files with nothing but a page: an `<input type=file>` and a download link. */
import type { Host, PickedFile } from "./types";

export function pickInPage(multiple: boolean, fetch: Host["fetch"]): Promise<PickedFile[]> {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = multiple;
  return new Promise((resolve) => {
    input.oncancel = () => resolve([]);
    input.onchange = () => resolve(Array.from(input.files ?? [], (file) => picked(file, fetch)));
    input.click();
  });
}

function picked(file: File, fetch: Host["fetch"]): PickedFile {
  return {
    name: file.name,
    size: file.size,
    send: async (path, request, progress) => {
      const answer = await fetch(path, { method: "PUT", ...request, body: file });
      progress?.(file.size);
      return answer;
    },
  };
}

export async function saveFromPage(
  name: string,
  source: Parameters<Host["saveFile"]>[1],
  fetch: Host["fetch"],
): Promise<boolean> {
  const blob = source instanceof Blob ? source : await download(source, fetch);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return true;
}

async function download(source: { path: string; signal?: AbortSignal }, fetch: Host["fetch"]): Promise<Blob> {
  const answer = await fetch(source.path, { signal: source.signal });
  if (!answer.ok) throw new TypeError(await answer.text());
  return answer.blob();
}
