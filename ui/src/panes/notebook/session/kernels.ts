/** Which kernel a notebook runs in: the one its file names, as the sandbox knows it. */
import type { KernelSpec } from "../../../api/wire/KernelSpec";
import { isObject } from "../model/json";
import type { Kernel } from "../model/new";
import type { Notebook } from "../model/types";
import { PYTHON } from "./state";

/** The file's kernel by name; else one of its language; else as the file says, which running will refuse in words. */
export function chooseKernel({ metadata }: Notebook, specs: KernelSpec[]): Kernel {
  const said = isObject(metadata.kernelspec) ? metadata.kernelspec : {};
  const info = isObject(metadata.language_info) ? metadata.language_info : {};
  const name = typeof said.name === "string" ? said.name : undefined;
  const language = [info.name, said.language].find((one) => typeof one === "string") as string | undefined;
  if (!name && !language) return asKernel(specs.find((spec) => spec.name === PYTHON.name)) ?? PYTHON;
  const exact = specs.find((spec) => spec.name === name);
  const alike = specs.find((spec) => spec.language.toLowerCase() === language?.toLowerCase());
  const found = asKernel(exact ?? alike);
  // A kernel may run more than one language (deno runs JavaScript too): the file's word counts.
  if (found) return exact && language ? { ...found, language: language.toLowerCase() } : found;
  const displayName =
    typeof said.display_name === "string" ? said.display_name : (name ?? language ?? PYTHON.name);
  return { name: name ?? language ?? PYTHON.name, displayName, language: language ?? "python" };
}

const asKernel = (spec: KernelSpec | undefined): Kernel | undefined =>
  spec && { name: spec.name, displayName: kernelTitle(spec.displayName), language: spec.language };

/** `Python 3 (ipykernel)` is `Python 3` to people. */
export const kernelTitle = (displayName: string) => displayName.replace(/ \(ipykernel\)$/, "");

/** What the menu offers: each kernel, and JavaScript beside TypeScript, which one kernel runs both. */
export function kernelChoices(specs: KernelSpec[]): Kernel[] {
  return specs.flatMap((spec) => {
    const kernel = { name: spec.name, displayName: kernelTitle(spec.displayName), language: spec.language };
    return spec.language.toLowerCase() === "typescript" ? [kernel, asJavaScript(kernel)] : [kernel];
  });
}

function asJavaScript(kernel: Kernel): Kernel {
  return { ...kernel, displayName: inLanguage(kernel.displayName, "javascript"), language: "javascript" };
}

/** The name of a kernel of two languages, for the one that is used. */
export function inLanguage(displayName: string, language: string): string {
  if (language !== "javascript" || /javascript/i.test(displayName)) return displayName;
  const named = displayName.replace(/TypeScript/, "JavaScript");
  return named === displayName ? `JavaScript · ${displayName}` : named;
}
