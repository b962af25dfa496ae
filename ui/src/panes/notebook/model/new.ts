/** New notebooks and new cells. */
import type { Cell, CellType, Notebook } from "./types";

export interface Kernel {
  /** Kernelspec name, for example `python3`. */
  name: string;
  displayName: string;
  /** What it runs, for example `python`. */
  language: string;
}

/** As Jupyter makes them: eight hexadecimal digits. */
export function newId(): string {
  return crypto.getRandomValues(new Uint32Array(1))[0]?.toString(16).padStart(8, "0") ?? "0";
}

export function newCell(type: CellType = "code", source = ""): Cell {
  return { key: newId(), type, source, outputs: [], count: null, rest: { metadata: {} } };
}

export function emptyNotebook(kernel?: Kernel): Notebook {
  const notebook: Notebook = {
    cells: [newCell()],
    metadata: {},
    rest: {},
    minor: 5,
    style: { indent: 1, sorted: true },
  };
  return kernel ? withKernel(notebook, kernel) : notebook;
}

/** The notebook said to be for this kernel, so that Jupyter opens it with the right one. */
export function withKernel(notebook: Notebook, kernel: Kernel): Notebook {
  const { name, displayName, language } = kernel;
  const metadata = {
    ...notebook.metadata,
    kernelspec: { display_name: displayName, language, name },
    language_info: languageInfo(language),
  };
  return { ...notebook, metadata };
}

function languageInfo(language: string): Record<string, string> {
  switch (language.toLowerCase()) {
    case "python":
      return { file_extension: ".py", mimetype: "text/x-python", name: "python", pygments_lexer: "ipython3" };
    case "typescript":
      return {
        file_extension: ".ts",
        mimetype: "text/x.typescript",
        name: "typescript",
        pygments_lexer: "typescript",
      };
    case "javascript":
      return {
        file_extension: ".js",
        mimetype: "text/javascript",
        name: "javascript",
        pygments_lexer: "javascript",
      };
    default:
      return { name: language };
  }
}
