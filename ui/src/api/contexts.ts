// Code contexts of a sandbox's agent: a Jupyter kernel each.
import { call, del, get, post, query } from "./client";
import { sandboxPath } from "./gateway";
import type { Context } from "./wire/Context";
import type { CreateContext } from "./wire/CreateContext";
import type { KernelSpec } from "./wire/KernelSpec";

const path = (id: string, rest = "") => sandboxPath(id, `/api/contexts${rest}`);

/** The kernels that the sandbox can start. */
export const kernelSpecs = async (id: string) =>
  (await get<{ kernels: KernelSpec[] }>(sandboxPath(id, "/api/kernels"))).kernels;

export const contexts = async (id: string) => (await get<{ contexts: Context[] }>(path(id))).contexts;

/** Its id. Quick where one of that language was warmed. */
export const createContext = async (id: string, wish: CreateContext) =>
  (await post<{ contextId: string }>(path(id), wish)).contextId;

export const deleteContext = (id: string, context: string) =>
  del(path(id, `/${encodeURIComponent(context)}`));

/** Starts a kernel in the background, for the next context of that language. */
export const warmContext = (id: string, language: string) =>
  call<void>(path(id, "/warm"), { method: "POST", json: { language } });

/** The notebook's channel: every frame after `since`, then live ones. */
export const contextSocket = (id: string, context: string, since: number) =>
  sandboxPath(id, `/ws/context${query({ id: context, since })}`);
