/** Brings `page/` into the window's page and calls what is there. */
import { join } from "node:path";
import { build } from "vite";
import type { Surface } from "../journeys/support/surface.ts";
import { until } from "../support/child.ts";
import type { Bench } from "./page/index.ts";

let bundle: Promise<string> | undefined;

async function bundled(): Promise<string> {
  const entry = join(import.meta.dirname, "page/index.ts");
  const options = { write: false, minify: false, lib: { entry, formats: ["iife" as const], name: "page" } };
  const built = await build({ configFile: false, logLevel: "error", build: options });
  const [first] = Array.isArray(built) ? built : [built];
  if (!first || !("output" in first)) throw new Error("the page's half was not built");
  return first.output[0].code;
}

export async function enter(page: Surface): Promise<void> {
  bundle ??= bundled();
  await page.run(await bundle);
}

/** Calls one of the page's functions; what it promises is waited for. */
export async function call<Name extends keyof Bench>(
  page: Surface,
  name: Name,
  args: Parameters<Bench[Name]>,
  ms = 60_000,
): Promise<Awaited<ReturnType<Bench[Name]>>> {
  await page.run(
    `delete globalThis.benched;
     Promise.resolve().then(() => bench[args[0]](...args[1])).then(
       (value) => { globalThis.benched = { value: value ?? null }; },
       (error) => { globalThis.benched = { failed: String(error) }; },
     );`,
    name,
    args,
  );
  const outcome = await until(
    `${name} in the page`,
    () => page.run<{ value?: unknown; failed?: string }>("return globalThis.benched"),
    ms,
  );
  if (outcome.failed) throw new Error(outcome.failed);
  return outcome.value as Awaited<ReturnType<Bench[Name]>>;
}
