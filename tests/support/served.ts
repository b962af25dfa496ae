/** `sandpitd serve` in a place of its own. */
import { join } from "node:path";
import { type Child, start, until } from "./child.ts";
import { type Place, programs } from "./place.ts";

export interface Served {
  url: string;
  token: string;
  server: Child;
}

export async function serve(place: Place): Promise<Served> {
  const args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", place.dataDir];
  const server = start(join(programs, "sandpitd"), args, place.env);
  const line = await until(
    "sandpitd to say it is ready",
    async () => /^\{.*"url".*\}$/m.exec(server.output())?.[0],
  ).catch((error) => {
    throw new Error(`${error}\n${server.output()}`);
  });
  const ready = JSON.parse(line) as { url: string; token: string };
  return { url: ready.url.replace(/\/$/, ""), token: ready.token, server };
}

/** Sandboxes outlive the app: ends every sandbox of `place` and removes its folder. */
export async function leaveNothing(place: Place): Promise<void> {
  const { url, token, server } = await serve(place);
  const headers = { authorization: `Bearer ${token}` };
  const { sandboxes } = (await (await fetch(`${url}/v1/sandboxes`, { headers })).json()) as {
    sandboxes: { id: string }[];
  };
  for (const { id } of sandboxes) await fetch(`${url}/v1/sandboxes/${id}`, { method: "DELETE", headers });
  await server.end();
  place.remove();
}
