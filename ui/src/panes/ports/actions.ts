// What can be done with a port. Each says itself when it did not work.
import { exposePort, getSandbox, unexposePort } from "../../api/gateway";
import type { ExposedPort } from "../../api/wire/ExposedPort";
import { host } from "../../host";
import { notify, notifyFailure } from "../../state/notices";
import { openPane } from "../../state/panes";
import { sandbox, tellSandbox } from "../../state/sandboxes";
import { tokenOf } from "./rows";

export const exposed = (id: string, port: number): ExposedPort | undefined =>
  sandbox(id)?.ports.find((one) => one.port === port);

/** Gives a port its address, or a name to one that has it. Throws what went wrong. */
export async function expose(id: string, port: number, rest: { name?: string; token?: string } = {}) {
  const made = await exposePort(id, { port, ...rest });
  tellSandbox(await getSandbox(id));
  return made;
}

/** The address of a port, which is given one if it has none. */
export const addressOf = async (id: string, port: number) =>
  (exposed(id, port) ?? (await expose(id, port))).url;

async function attempt(doing: string, work: () => Promise<unknown>) {
  try {
    await work();
  } catch (thrown) {
    notifyFailure(thrown, doing);
  }
}

export const exposeIt = (id: string, port: number) =>
  attempt(`Port ${port} was not exposed`, () => expose(id, port));

export const nameIt = (id: string, port: number, name: string) =>
  attempt(`Port ${port} was not named`, () => expose(id, port, { name }));

export const openOutside = (id: string, port: number) =>
  attempt(`Port ${port} was not opened`, async () => host.openExternal(await addressOf(id, port)));

export const openPreview = (id: string, port: number) =>
  openPane("preview", { port }, { sandboxId: id, where: "right" });

export const copyAddress = (id: string, port: number) =>
  attempt(`The address of port ${port} was not copied`, async () => {
    await host.clipboard.writeText(await addressOf(id, port));
    notify({ tone: "ok", text: `Copied the address of port ${port}`, lasts: 2500 });
  });

/** Takes its address away; undone, it has the same one again. */
export const unexpose = (id: string, { port, name, url }: ExposedPort) =>
  attempt(`Port ${port} is still exposed`, async () => {
    await unexposePort(id, port);
    tellSandbox(await getSandbox(id));
    const again = () => expose(id, port, { name, token: tokenOf(url) });
    notify({
      tone: "info",
      text: `Port ${port} is no longer exposed`,
      action: { label: "Undo", run: () => void attempt(`Port ${port} was not exposed again`, again) },
    });
  });
