import { BookText, File, FileArchive, FileSymlink, FileText, Image, type LucideIcon } from "lucide-react";
import type { FileInfo } from "../../api/wire/FileInfo";

const byExtension: Record<string, LucideIcon> = {
  ipynb: BookText,
  md: FileText,
  txt: FileText,
  rst: FileText,
  log: FileText,
  ...Object.fromEntries(
    ["png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "ico", "avif"].map((e) => [e, Image]),
  ),
  ...Object.fromEntries(["zip", "gz", "tar", "tgz", "xz", "zst", "bz2", "7z"].map((e) => [e, FileArchive])),
};

/** A line icon for a file by its name. */
export function fileIcon(name: string, info?: FileInfo): LucideIcon {
  if (info?.type === "symlink") return FileSymlink;
  return byExtension[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? File;
}
