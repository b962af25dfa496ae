/** The same UI in Chromium, over `sandpitd serve`. */
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { type Child, start, until } from "./child.ts";
import { type Place, picture, programs } from "./place.ts";
import type { Surface } from "./surface.ts";

export interface Served {
  url: string;
  token: string;
  server: Child;
}

export async function serve(place: Place): Promise<Served> {
  const args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", place.dataDir];
  const server = start(join(programs, "sandpitd"), args, place.env);
  const line = await until("sandpitd to say it is ready", async () => /^\{.*"url".*\}$/m.exec(server.output())?.[0]).catch(
    (error) => {
      throw new Error(`${error}\n${server.output()}`);
    },
  );
  const ready = JSON.parse(line) as { url: string; token: string };
  return { url: ready.url.replace(/\/$/, ""), token: ready.token, server };
}

const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"];

export async function openChromium(served: Served, options: { scheme?: "dark" | "light" } = {}): Promise<Surface> {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: QUIET });
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    colorScheme: options.scheme ?? "dark",
  });
  await page.goto(`${served.url}/#token=${served.token}`);
  return surface(browser, page);
}

function surface(browser: Browser, page: Page): Surface {
  return {
    name: "chromium",
    click: (selector, { button = "left", double = false } = {}) =>
      double ? page.dblclick(selector, { button }) : page.click(selector, { button }),
    type: (text) => page.keyboard.type(text),
    press: (chord) => page.keyboard.press(chord),
    text: (selector) => page.innerText(selector),
    count: (selector) => page.locator(selector).count(),
    see: (selector, ms = 15_000) => page.locator(selector).first().waitFor({ state: "visible", timeout: ms }),
    gone: (selector, ms = 15_000) => page.locator(selector).first().waitFor({ state: "hidden", timeout: ms }),
    // As text, since the page's policy allows no `new Function`.
    run: (script, ...args) => page.evaluate(`((args) => {${script}\n})(${JSON.stringify(args)})`),
    picture: async (name) => void (await page.screenshot({ path: picture(`chromium-${name}`) })),
    reload: async () => void (await page.reload()),
    close: () => browser.close(),
  };
}

/** Sandboxes outlive the app: ends every sandbox of `place` and removes its folder. */
export async function leaveNothing(place: Place): Promise<void> {
  const { url, token, server } = await serve(place);
  const headers = { authorization: `Bearer ${token}` };
  const { sandboxes } = (await (await fetch(`${url}/v1/sandboxes`, { headers })).json()) as { sandboxes: { id: string }[] };
  for (const { id } of sandboxes) await fetch(`${url}/v1/sandboxes/${id}`, { method: "DELETE", headers });
  await server.end();
  place.remove();
}
