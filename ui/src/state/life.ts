// What is done to a sandbox as a whole. Answers are put in place at once; failures become notices.
import { create } from "zustand";
import { ApiFailure } from "../api/failure";
import * as gateway from "../api/gateway";
import type { CreateSandbox } from "../api/wire/CreateSandbox";
import type { PatchSandbox } from "../api/wire/PatchSandbox";
import type { Sandbox } from "../api/wire/Sandbox";
import { notifyFailure } from "./notices";
import { tellDeleted, tellSandbox } from "./sandboxes";
import { select } from "./selection";

export type Doing = gateway.LifeVerb | "delete";

/** What is under way, by sandbox; and whether one is being made. */
export const life = create<{ doing: Record<string, Doing>; creating: boolean; asking?: string }>(() => ({
  doing: {},
  creating: false,
}));

export const useDoing = (id: string | undefined) => life(({ doing }) => (id ? doing[id] : undefined));

const done = (id: string) => life.setState(({ doing: { [id]: _, ...doing } }) => ({ doing }));

/** Makes a sandbox and puts it in view. Throws what went wrong. */
export async function makeSandbox(wish: CreateSandbox): Promise<Sandbox> {
  life.setState({ creating: true });
  try {
    const made = await gateway.createSandbox(wish);
    tellSandbox(made);
    select(made.id);
    return made;
  } finally {
    life.setState({ creating: false });
  }
}

/** The one click: a sandbox with nothing to fill in. */
export const createQuick = () =>
  life.getState().creating
    ? undefined
    : makeSandbox({}).catch((thrown) => notifyFailure(thrown, "No sandbox was made"));

const saying: Record<Doing, string> = {
  start: "It did not start",
  stop: "It did not stop",
  pause: "It did not pause",
  resume: "It did not resume",
  restart: "It did not restart",
  delete: "It was not deleted",
};

async function doing(id: string, what: Doing, work: () => Promise<void>) {
  if (life.getState().doing[id]) return;
  life.setState((all) => ({ doing: { ...all.doing, [id]: what } }));
  try {
    await work();
  } catch (thrown) {
    notifyFailure(thrown, saying[what]);
  } finally {
    done(id);
  }
}

export const turn = (id: string, verb: gateway.LifeVerb) =>
  doing(id, verb, async () => tellSandbox(await gateway.turn(id, verb)));

/** Asks in the list whether it may be deleted: its files die with it. */
export const askDelete = (id: string | undefined) => life.setState({ asking: id });

export const deleteForGood = (id: string) =>
  doing(id, "delete", async () => {
    askDelete(undefined);
    await gateway.deleteSandbox(id).catch(unlessGone);
    tellDeleted(id);
  });

function unlessGone(thrown: unknown) {
  if (!(thrown instanceof ApiFailure) || thrown.code !== "SANDBOX_NOT_FOUND") throw thrown;
}

/** Changes a record. Throws what went wrong. */
export const change = async (id: string, part: PatchSandbox) =>
  tellSandbox(await gateway.patchSandbox(id, part));
