/** The same UI in Chromium, over `sandpitd serve`. */
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../../support/chromium.ts";
import { picture } from "../../support/place.ts";
import type { Served } from "../../support/served.ts";
import type { Surface } from "./surface.ts";

export async function openChromium(served: Served, options: { scheme?: "dark" | "light" } = {}): Promise<Surface> {
  const browser = await launchChromium();
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
