import { Copy, Download } from "lucide-react";
import { memo, useMemo } from "react";
import { host } from "../host";
import { ContextMenu, IconButton } from "../kit";
import type { MenuItem } from "../kit/menu";
import { notify, notifyFailure } from "../state/notices";
import { imageSize, type Size } from "./imageSize";
import css from "./outputs.module.css";

interface PictureProps {
  mime: string;
  /** Base64, or the text of an SVG. */
  data: string;
  /** Pixels, where the kernel says them. */
  size?: Partial<Size>;
  /** The kernel says it needs a light ground. */
  light?: boolean;
}

/** A picture in its kept place, which can be saved and copied. An SVG in an `<img>` runs and fetches nothing. */
export const Picture = memo(function Picture({ mime, data, size, light }: PictureProps) {
  const isSvg = mime === "image/svg+xml";
  const natural = useMemo(() => (isSvg ? undefined : imageSize(mime, data)), [isSvg, mime, data]);
  const url = useMemo(
    () => (isSvg ? `data:${mime};charset=utf-8,${encodeURIComponent(data)}` : `data:${mime};base64,${data}`),
    [isSvg, mime, data],
  );
  const { width, height } = shownSize(natural, size);
  const items = () => pictureMenu(mime, data, url);
  return (
    <ContextMenu items={items}>
      <div className={css.picture} data-testid="output-image">
        <img
          src={url}
          alt="Output of the cell"
          width={width}
          height={height}
          data-light={light}
          draggable={false}
        />
        <span className={css.pictureActions}>
          {mime === "image/png" && <IconButton icon={Copy} label="Copy image" onClick={() => copy(url)} />}
          <IconButton icon={Download} label="Save image" onClick={() => save(mime, url)} />
        </span>
      </div>
    </ContextMenu>
  );
});

/** The kernel's words over the file's own, its proportions kept where only one is said. */
function shownSize(natural?: Size, said: Partial<Size> = {}): Partial<Size> {
  if (said.width && said.height) return said;
  if (!natural) return said;
  if (said.width)
    return { width: said.width, height: Math.round((said.width * natural.height) / natural.width) };
  if (said.height)
    return { height: said.height, width: Math.round((said.height * natural.width) / natural.height) };
  return natural;
}

function pictureMenu(mime: string, data: string, url: string): MenuItem[] {
  const saving: MenuItem = { label: "Save image…", icon: Download, run: () => save(mime, url) };
  if (mime === "image/png") return [{ label: "Copy image", icon: Copy, run: () => copy(url) }, saving];
  if (mime !== "image/svg+xml") return [saving];
  const source = () => void host.clipboard.writeText(data).catch((thrown) => notifyFailure(thrown, "Copy"));
  return [{ label: "Copy SVG source", icon: Copy, run: source }, saving];
}

function copy(url: string) {
  host.clipboard
    .writePng(blobOf(url))
    .then(() => notify({ tone: "ok", text: "Image copied", lasts: 2000 }))
    .catch((thrown) => notifyFailure(thrown, "Copy image"));
}

function save(mime: string, url: string) {
  const extension =
    mime === "image/svg+xml" ? "svg" : mime === "image/jpeg" ? "jpg" : mime.slice("image/".length);
  host.saveFile(`output.${extension}`, blobOf(url)).catch((thrown) => notifyFailure(thrown, "Save image"));
}

function blobOf(url: string): Blob {
  const comma = url.indexOf(",");
  const type = url.slice("data:".length, url.indexOf(";"));
  const body = url.slice(comma + 1);
  if (!url.slice(0, comma).endsWith(";base64")) return new Blob([decodeURIComponent(body)], { type });
  return new Blob([Uint8Array.from(atob(body), (character) => character.charCodeAt(0))], { type });
}
