/** `sandpitd serve` in a place of its own. */
import { join } from "node:path";
import { type Child, start, until } from "./child.ts";
import { type Place, programs } from "./place.ts";

export interface Served {
  url: string;
  token: string;
  server: Child;
}

/** What `sandpitd` says once it is ready: the token only when it was made up for this run. */
export async function ready(server: Child, ms = 15_000): Promise<{ url: string; token?: string }> {
  const said = async () => /^\{.*"url".*\}$/m.exec(server.output())?.[0];
  const line = await until("sandpitd to say it is ready", said, ms).catch((error) => {
    throw new Error(`${error}\n${server.output()}`);
  });
  const { url, token } = JSON.parse(line) as { url: string; token?: string };
  return { url: url.replace(/\/$/, ""), ...(token && { token }) };
}

export async function serve(place: Place): Promise<Served> {
  const args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", place.dataDir];
  const server = start(join(programs, "sandpitd"), args, place.env);
  const { url, token } = await ready(server);
  if (!token) throw new Error(`sandpitd told no token\n${server.output()}`);
  return { url, token, server };
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
