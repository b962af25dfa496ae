// sandpit-node.mjs: lets Node load the SDK, which was made for Workers
import { register } from "node:module";

const hooks = `
  const workers = "data:text/javascript," + encodeURIComponent(
    "export class DurableObject { constructor(ctx, env) { Object.assign(this, { ctx, env }); } }" +
    "export class WorkerEntrypoint {} export class RpcTarget {} export const env = {}; export const tracing = undefined;");
  export async function resolve(name, context, next) {
    if (name === "cloudflare:workers") return { url: workers, shortCircuit: true };
    return next(name, context).catch((error) => {
      if (name.startsWith("./")) return next(name + ".js", context);
      throw error;
    });
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
