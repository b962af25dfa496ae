/** Every method the official client has, found at run time, and how often each was called. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as sdk from "@cloudflare/sandbox";

export type Transport = "http" | "websocket";

const counts = new Map<string, number>();

/** How often `method` was called since the start. */
export const called = (method: string): number => counts.get(method) ?? 0;

/** Whether calls of it are seen: a function that the package exports cannot be watched. */
export const counted = (method: string): boolean => counts.has(method);

type Anything = (this: unknown, ...args: unknown[]) => unknown;

function count(holder: object, key: string, method: string): void {
  const described = Object.getOwnPropertyDescriptor(holder, key);
  const original = described?.value as Anything | undefined;
  if (typeof original !== "function" || key === "constructor") return;
  counts.set(method, 0);
  const counting: Anything = function (...args) {
    counts.set(method, called(method) + 1);
    return original.apply(this, args);
  };
  Object.defineProperty(holder, key, { ...described, value: counting });
}

function countAll(prototype: object, prefix: string): void {
  for (const key of Object.getOwnPropertyNames(prototype)) count(prototype, key, `${prefix}.${key}`);
}

/** Watches each class of which `SandboxClient` is made, and what they inherit from. */
function watch(): void {
  const client = new sdk.SandboxClient({});
  const seen = new Set<object>([Object.prototype]);
  countAll(sdk.SandboxClient.prototype, "client");
  countAll(sdk.CodeInterpreter.prototype, "CodeInterpreter");
  for (const [property, part] of Object.entries(client)) {
    if (typeof part !== "object" || part === null || property === "tunnels") continue;
    let prototype = Object.getPrototypeOf(part) as object;
    for (let prefix = property; !seen.has(prototype); prefix = "base") {
      seen.add(prototype);
      countAll(prototype, prefix);
      prototype = Object.getPrototypeOf(prototype) as object;
    }
  }
}
watch();

/** All methods of all classes: `files.readFile`, `CodeInterpreter.runCode`, and `base.…` for what all share. */
export const methods: readonly string[] = [...counts.keys()];

countAll(sdk.Sandbox.prototype, "Sandbox");

/** What `getSandbox` adds to the class, which has nothing of its name or refuses it: calls are not seen, cases are. */
export const STUB: readonly string[] = ["Sandbox.terminal", "Sandbox.wsConnect"];
for (const method of STUB) counts.delete(method);

/** The public methods of the xterm add-on, as the package declares them. It lives in a page, where nobody counts. */
export const addonMethods: readonly string[] = publicMethods("xterm", "SandboxAddon");

function publicMethods(entry: string, name: string): string[] {
  const code = createRequire(import.meta.url).resolve(`@cloudflare/sandbox/${entry}`);
  const declared = readFileSync(code.replace(/\.js$/, ".d.ts"), "utf8");
  const body = declared.split(`declare class ${name} `)[1]?.split("\n}")[0] ?? "";
  const found = [...body.matchAll(/^ {2}(?!constructor)(\w+)\(/gm)];
  return found.map((match) => `${name}.${match[1]}`);
}

/** The functions that the package exports beside its classes. */
export const helpers: readonly string[] = Object.entries(sdk)
  .filter(([, value]) => typeof value === "function" && !/^class\b/.test(Function.prototype.toString.call(value)))
  .map(([name]) => name);

/** What the SDK's documents say its `Sandbox` can do (reference §1.2), but for what only its rpc transport can. */
export const SANDBOX: readonly string[] = [
  ...["exec", "execStream", "setEnvVars", "createSession", "getSession", "deleteSession", "getContainerPlacementId"],
  ...["startProcess", "listProcesses", "getProcess", "killProcess", "killAllProcesses", "cleanupCompletedProcesses"],
  ...["getProcessLogs", "streamProcessLogs", "gitCheckout", "watch", "checkChanges", "destroy"],
  ...[
    "writeFile",
    "readFile",
    "readFileStream",
    "mkdir",
    "deleteFile",
    "renameFile",
    "moveFile",
    "listFiles",
    "exists",
  ],
  ...["createCodeContext", "runCode", "runCodeStream", "listCodeContexts", "deleteCodeContext"],
  ...["exposePort", "unexposePort", "getExposedPorts", "isPortExposed", "validatePortToken"],
  ...["mountBucket", "unmountBucket", "createBackup", "restoreBackup"],
  ...["setKeepAlive", "setSleepAfter", "setTransport", "setLabels", "setContainerTimeouts"],
].map((name) => `Sandbox.${name}`);

/** What the package declares private or protected: it needs no case of its own, but must have been at work. */
export const INTERNAL: readonly string[] = [
  "base.doFetch",
  "base.post",
  "base.get",
  "base.delete",
  "base.handleResponse",
  "base.handleErrorResponse",
  "base.handleStreamResponse",
  "base.doStreamFetch",
  "interpreter.executeWithRetry",
  "interpreter.isRetryableError",
  "interpreter.parseErrorResponse",
  "interpreter.readLines",
  "interpreter.parseExecutionResult",
  "watch.waitForReadiness",
  "CodeInterpreter.getOrCreateDefaultContext",
];
